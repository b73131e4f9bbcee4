/* Asked of the processor itself: what __builtin_cpu_supports reads is filled in by the compiler's
 * own library, and zig's leaves it empty. */
#include "taps/entropy/processor.h"

#include <cpuid.h>

static const unsigned kFeatures = 7, kMoreFeatures = 0x80000001;

int mgm_processor_has_bmi;

__attribute__((constructor)) static void ask_processor(void) {
  const unsigned bmi = bit_BMI | bit_BMI2;
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid_count(kFeatures, 0, &eax, &ebx, &ecx, &edx) || (ebx & bmi) != bmi) return;
  if (!__get_cpuid(kMoreFeatures, &eax, &ebx, &ecx, &edx)) return;
  mgm_processor_has_bmi = (ecx & bit_LZCNT) != 0;
}
