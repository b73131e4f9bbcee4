/* Our FFmpeg says nothing on stderr: what a user must know comes as an exception or in VideoInfo. A
 * seam rather than av_log_set_level: libav's messages are not even formatted. */
#include <libavutil/log.h>
#include <stdarg.h>

void __wrap_av_log(void* context, int level, const char* format, ...);
void __wrap_av_log_once(void* context, int first, int later, int* state, const char* format, ...);
void __wrap_av_vlog(void* context, int level, const char* format, va_list values);
void __wrap_avpriv_request_sample(void* context, const char* format, ...);
void __wrap_avpriv_report_missing_feature(void* context, const char* format, ...);

void __wrap_av_log(void* context, int level, const char* format, ...) {
  (void)context;
  (void)level;
  (void)format;
}

void __wrap_av_log_once(void* context, int first, int later, int* state, const char* format, ...) {
  (void)context;
  (void)first;
  (void)later;
  (void)state;
  (void)format;
}

void __wrap_av_vlog(void* context, int level, const char* format, va_list values) {
  (void)context;
  (void)level;
  (void)format;
  (void)values;
}

void __wrap_avpriv_request_sample(void* context, const char* format, ...) {
  (void)context;
  (void)format;
}

void __wrap_avpriv_report_missing_feature(void* context, const char* format, ...) {
  (void)context;
  (void)format;
}
