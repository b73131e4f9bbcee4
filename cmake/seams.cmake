# The functions that the taps wrap with the linker's --wrap (shared by every module that links the decoders).
set(MGM_SEAMS
  av_log
  avpriv_request_sample
  avpriv_report_missing_feature
  ff_h264_hl_decode_mb
)
set(MGM_WRAP_OPTIONS)
foreach(symbol IN LISTS MGM_SEAMS)
  list(APPEND MGM_WRAP_OPTIONS "-Wl,--wrap=${symbol}")
endforeach()
