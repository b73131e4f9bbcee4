#ifndef MGM_ENTROPY_PROCESSOR_H
#define MGM_ENTROPY_PROCESSOR_H

/* Whether this processor has what the files of this folder are compiled for. */
static inline int mgm_has_bmi(void) {
  return __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("lzcnt");
}

#endif
