# The functions that the taps wrap with the linker's --wrap (shared by every module that links the decoders).
set(MGM_SEAMS
  av_log
  av_log_once
  av_vlog
  avpriv_request_sample
  avpriv_report_missing_feature
  # containers
  av_fast_realloc
  av_reallocp_array
  avformat_new_stream
  avpriv_set_pts_info
  # H.264, HEVC and VVC
  ff_h2645_packet_split
  # libavcodec's own vectors
  ff_print_debug_info2
  # H.264
  ff_h264_hl_decode_mb
  ff_h264_direct_ref_list_init
  ff_h264_execute_decode_slices
  # the MPEG family
  ff_mpv_reconstruct_mb
  ff_init_block_index
  ff_h263_loop_filter
  ff_er_frame_end
  ff_mpv_frame_end
  ff_mpeg4_decode_picture_header
  ff_mpeg_er_frame_start
  ff_mpeg1_clean_buffers
  ff_h263_resync
  ff_vc1_decode_blocks
  ff_vc1_mc_1mv
  ff_vc1_interp_mc
  ff_vc1_mc_4mv_luma
  # AV1
  ff_decode_frame_props_from_pkt
  dav1d_thread_picture_alloc
  dav1d_picture_alloc_copy
  dav1d_get_picture
  dav1d_send_data
  dav1d_recon_b_inter_8bpc
  dav1d_recon_b_inter_16bpc
  dav1d_recon_b_intra_8bpc
  dav1d_recon_b_intra_16bpc
  dav1d_filter_sbrow_8bpc
  dav1d_filter_sbrow_16bpc
  dav1d_backup_ipred_edge_8bpc
  dav1d_backup_ipred_edge_16bpc
  # VP9
  ff_vp9_inter_recon_16bpp
  ff_vp9_inter_recon_8bpp
  ff_vp9_intra_recon_16bpp
  ff_vp9_intra_recon_8bpp
  ff_vp9_loopfilter_sb
  # HEVC
  ff_hevc_cabac_init
  ff_hevc_deblocking_boundary_strengths
  ff_hevc_dsp_init
  ff_hevc_end_of_slice_flag_decode
  ff_hevc_frame_rps
  ff_hevc_hls_filter
  ff_hevc_hls_filters
  ff_hevc_hls_residual_coding
  ff_hevc_luma_mv_merge_mode
  ff_hevc_luma_mv_mvp_mode
  ff_hevc_no_residual_syntax_flag_decode
  ff_hevc_pred_mode_decode
  ff_hevc_set_new_ref
  ff_hevc_slice_rpl
)

# Parsers of libavcodec that we compile once more with our own entropy decoders.
if(MGM_OWN_ENTROPY)
  list(APPEND MGM_SEAMS ff_h264_decode_mb_cabac ff_h264_init_cabac_states ff_vp9_decode_block)
endif()

# A name that --wrap could not take hold of would link without a word: it stops here instead.
execute_process(
  COMMAND ${Python_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/check_seams.py
    --nm ${CMAKE_NM} --archives ${MGM_LIBAV} --symbols ${MGM_SEAMS}
  ERROR_VARIABLE reason RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${reason}")
endif()

set(MGM_WRAP_OPTIONS)
foreach(symbol IN LISTS MGM_SEAMS)
  list(APPEND MGM_WRAP_OPTIONS "-Wl,--wrap=${symbol}")
endforeach()
