/*
 * test_certs.h - certificates made on the spot, for src/net's tests only. Comes first in its
 * file, as openssl.h does.
 */
#ifndef NET_TEST_CERTS_H
#define NET_TEST_CERTS_H

#include "net/openssl.h"

#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"

struct test_cert { char dir[64], cert[96], key[96]; };

static inline void test_cert_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static inline void test_cert_write(const char *path, X509 *x, EVP_PKEY *key)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	if (x)
		assert_int_equal(PEM_write_X509(f, x), 1);
	if (key)
		assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

/* A self-signed certificate for the names (as in "DNS:a,IP:127.0.0.1"), valid for the days
 * from now; negative: it has expired. In a new folder. */
static inline struct test_cert test_cert_new(const char *names, int days)
{
	struct test_cert t = { .dir = "/tmp/claudemesh-net-XXXXXX" };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	long from = days < 0 ? -10L * 86400 : -3600;

	assert_non_null(mkdtemp(t.dir));
	snprintf(t.cert, sizeof(t.cert), "%s/cert.pem", t.dir);
	snprintf(t.key, sizeof(t.key), "%s/key.pem", t.dir);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1 + (long)getpid());
	X509_gmtime_adj(X509_getm_notBefore(x), from);
	X509_gmtime_adj(X509_getm_notAfter(x), days * 86400L);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)"claudemesh test", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	test_cert_extension(x, NID_subject_alt_name, names);
	test_cert_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	test_cert_write(t.cert, x, NULL);
	test_cert_write(t.key, NULL, key);
	X509_free(x);
	EVP_PKEY_free(key);
	return t;
}

static inline void test_cert_remove(struct test_cert *t)
{
	unlink(t->cert);
	unlink(t->key);
	rmdir(t->dir);
}

#endif
