/*
 * openssl.h - OpenSSL's headers, for the files of src/net that call it.
 *
 * The one header that stands before a file's own: OpenSSL uses names as parameters that
 * base/banned.h poisons.
 */
#ifndef NET_OPENSSL_H
#define NET_OPENSSL_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#endif
