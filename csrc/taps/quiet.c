/* Our FFmpeg says nothing on stderr: what a user must know comes as an exception or in VideoInfo. A
 * seam rather than av_log_set_level: libav's messages are not even formatted. */
#include <libavutil/log.h>

void __wrap_av_log(void* context, int level, const char* format, ...);
void __wrap_avpriv_request_sample(void* context, const char* format, ...);
void __wrap_avpriv_report_missing_feature(void* context, const char* format, ...);

void __wrap_av_log(void* context, int level, const char* format, ...) {
  (void)context;
  (void)level;
  (void)format;
}

void __wrap_avpriv_request_sample(void* context, const char* format, ...) {
  (void)context;
  (void)format;
}

void __wrap_avpriv_report_missing_feature(void* context, const char* format, ...) {
  (void)context;
  (void)format;
}
