/* Captions, HDR10+ and Dolby Vision ride on AV1 pictures as ITU-T T.35 messages. Nobody asks for
 * them here, libdav1d.c loses a whole picture to a malformed one, and gives the caption parser a
 * payload without the padding that it reads past the end of. */
#include <dav1d/dav1d.h>

int __real_dav1d_get_picture(Dav1dContext* c, Dav1dPicture* out);
int __wrap_dav1d_get_picture(Dav1dContext* c, Dav1dPicture* out);

int __wrap_dav1d_get_picture(Dav1dContext* c, Dav1dPicture* out) {
  const int status = __real_dav1d_get_picture(c, out);
  out->itut_t35 = NULL; /* out->itut_t35_ref owns the memory */
  out->n_itut_t35 = 0;
  return status;
}
