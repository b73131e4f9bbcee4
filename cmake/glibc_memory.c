/* The C library's memcpy and its kin, for modules that zig links with --wrap. Its compiler_rt
 * brings plain ones of its own into a module, which come before the C library's and know no AVX. */
#include <stddef.h>

#if defined(__x86_64__)
#define NEWER "@GLIBC_2.14"
#define OLDEST "@GLIBC_2.2.5"
#else
#define NEWER "@GLIBC_2.17"
#define OLDEST "@GLIBC_2.17"
#endif

void* glibc_memcpy(void* to, const void* from, size_t size) __asm__("memcpy" NEWER);
void* glibc_memmove(void* to, const void* from, size_t size) __asm__("memmove" OLDEST);
void* glibc_memset(void* to, int value, size_t size) __asm__("memset" OLDEST);
int glibc_memcmp(const void* one, const void* other, size_t size) __asm__("memcmp" OLDEST);

void* __wrap_memcpy(void* to, const void* from, size_t size);
void* __wrap_memmove(void* to, const void* from, size_t size);
void* __wrap_memset(void* to, int value, size_t size);
int __wrap_memcmp(const void* one, const void* other, size_t size);
int __wrap_bcmp(const void* one, const void* other, size_t size);

void* __wrap_memcpy(void* to, const void* from, size_t size) {
  return glibc_memcpy(to, from, size);
}

void* __wrap_memmove(void* to, const void* from, size_t size) {
  return glibc_memmove(to, from, size);
}

void* __wrap_memset(void* to, int value, size_t size) { return glibc_memset(to, value, size); }

int __wrap_memcmp(const void* one, const void* other, size_t size) {
  return glibc_memcmp(one, other, size);
}

int __wrap_bcmp(const void* one, const void* other, size_t size) {
  return glibc_memcmp(one, other, size);
}
