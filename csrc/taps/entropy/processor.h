#ifndef MGM_ENTROPY_PROCESSOR_H
#define MGM_ENTROPY_PROCESSOR_H

#ifdef __cplusplus
extern "C" {
#endif

/* Whether this processor has what the decoders of this folder are compiled for. */
#ifdef __x86_64__
extern int mgm_processor_has_bmi;
static inline int mgm_has_bmi(void) { return mgm_processor_has_bmi; }
#else
static inline int mgm_has_bmi(void) { return 0; }
#endif

#ifdef __cplusplus
}
#endif

#endif
