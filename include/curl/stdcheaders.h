/* SPDX-License-Identifier: MIT
 *
 * Here for programs that include it by name. The functions of the C library
 * come from its own headers.
 */
#ifndef CURLINC_STDCHEADERS_H
#define CURLINC_STDCHEADERS_H

#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#endif /* CURLINC_STDCHEADERS_H */
