/* SPDX-License-Identifier: Apache-2.0 */
#include "wt_crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define LONGEST_KEY 32

/* `open` decrypts records; `keystream` gives single bytes of an AEAD's, and is made when first asked for. */
struct wt_cipher {
	enum wt_cipher_kind kind;
	EVP_CIPHER_CTX *open;
	EVP_CIPHER_CTX *keystream;
	uint8_t key[LONGEST_KEY];
};

static const EVP_CIPHER *algorithm(enum wt_cipher_kind kind)
{
	switch (kind) {
	case WT_AES_128_GCM:
		return EVP_aes_128_gcm();
	case WT_AES_256_GCM:
		return EVP_aes_256_gcm();
	case WT_CHACHA20_POLY1305:
		return EVP_chacha20_poly1305();
	case WT_AES_128_CBC:
		return EVP_aes_128_cbc();
	case WT_AES_256_CBC:
		return EVP_aes_256_cbc();
	}
	return NULL;
}

/* The cipher whose output an AEAD adds to the text. */
static const EVP_CIPHER *stream(enum wt_cipher_kind kind)
{
	switch (kind) {
	case WT_AES_128_GCM:
		return EVP_aes_128_ctr();
	case WT_AES_256_GCM:
		return EVP_aes_256_ctr();
	case WT_CHACHA20_POLY1305:
		return EVP_chacha20();
	default:
		return NULL;
	}
}

static const EVP_MD *digest(enum wt_hash hash)
{
	switch (hash) {
	case WT_SHA1:
		return EVP_sha1();
	case WT_SHA256:
		return EVP_sha256();
	case WT_SHA384:
		return EVP_sha384();
	}
	return NULL;
}

bool wt_crypto_start(void)
{
	static const uint8_t zeros[64];
	uint8_t out[64];

	/* A configuration could name engines and providers: files that would be loaded into this process. */
	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
		return false;
	for (int kind = WT_AES_128_GCM; kind <= WT_AES_256_CBC; kind++) {
		struct wt_cipher *cipher = wt_cipher_open((enum wt_cipher_kind)kind, zeros);
		bool works = cipher != NULL;

		if (works && stream((enum wt_cipher_kind)kind) != NULL)
			works = wt_cipher_peek(cipher, zeros, 0, 1) >= 0;
		wt_cipher_close(cipher);
		if (!works)
			return false;
	}
	for (int hash = WT_SHA1; hash <= WT_SHA384; hash++)
		if (!wt_hmac((enum wt_hash)hash, zeros, 16, zeros, 1, NULL, 0, out))
			return false;
	return true;
}

bool wt_hide_memory(void)
{
#ifdef __linux__
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#else
	return false;
#endif
}

struct wt_cipher *wt_cipher_open(enum wt_cipher_kind kind, const uint8_t *key)
{
	const EVP_CIPHER *found = algorithm(kind);
	struct wt_cipher *cipher = OPENSSL_zalloc(sizeof(*cipher));

	if (cipher == NULL || found == NULL) {
		OPENSSL_free(cipher);
		return NULL;
	}
	cipher->kind = kind;
	memcpy(cipher->key, key, (size_t)EVP_CIPHER_key_length(found));
	cipher->open = EVP_CIPHER_CTX_new();
	if (cipher->open == NULL || EVP_DecryptInit_ex(cipher->open, found, NULL, key, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(cipher->open, 0) != 1) {
		wt_cipher_close(cipher);
		return NULL;
	}
	return cipher;
}

void wt_cipher_close(struct wt_cipher *cipher)
{
	if (cipher == NULL)
		return;
	EVP_CIPHER_CTX_free(cipher->open);
	EVP_CIPHER_CTX_free(cipher->keystream);
	OPENSSL_clear_free(cipher, sizeof(*cipher));
}

bool wt_cipher_unseal(struct wt_cipher *cipher, const uint8_t *nonce, const uint8_t *extra,
		      size_t extra_count, const uint8_t *bytes, size_t count, uint8_t *out)
{
	EVP_CIPHER_CTX *open = cipher->open;
	int made = 0;

	/* What the interface counts in is an int; a record has 2^16 bytes at most. */
	if (count > 1 << 20 || extra_count > 1 << 10)
		return false;
	return EVP_DecryptInit_ex(open, NULL, NULL, NULL, nonce) == 1 &&
	       EVP_DecryptUpdate(open, NULL, &made, extra, (int)extra_count) == 1 &&
	       EVP_DecryptUpdate(open, out, &made, bytes, (int)count) == 1 &&
	       /* The tag is only read, but the interface takes it as something to write to. */
	       EVP_CIPHER_CTX_ctrl(open, EVP_CTRL_AEAD_SET_TAG, WT_TAG_LENGTH,
				   (void *)(uintptr_t)(bytes + count)) == 1 &&
	       EVP_DecryptFinal_ex(open, out + made, &made) == 1;
}

int wt_cipher_peek(struct wt_cipher *cipher, const uint8_t *nonce, uint8_t byte, size_t offset)
{
	/* The counter that the byte's block has: GCM's text begins with block 2 (NIST SP 800-38D,
	 * section 7.1), that of ChaCha20-Poly1305 with block 1 (RFC 8439, section 2.8), whose counter is
	 * little-endian and comes first. */
	const bool is_chacha = cipher->kind == WT_CHACHA20_POLY1305;
	const size_t block = is_chacha ? 64 : WT_BLOCK_LENGTH;
	const uint32_t counter = (uint32_t)(offset / block) + (is_chacha ? 1 : 2);
	const EVP_CIPHER *found = stream(cipher->kind);
	uint8_t vector[16], keystream[64];
	static const uint8_t zeros[64];
	int made = 0, result = -1;

	if (found == NULL || offset > 1 << 20)
		return -1;
	for (int i = 0; i < 4; i++)
		vector[is_chacha ? i : 15 - i] = (uint8_t)(counter >> (8 * i));
	memcpy(vector + (is_chacha ? 4 : 0), nonce, WT_NONCE_LENGTH);
	if (cipher->keystream == NULL) {
		cipher->keystream = EVP_CIPHER_CTX_new();
		if (cipher->keystream == NULL ||
		    EVP_EncryptInit_ex(cipher->keystream, found, NULL, cipher->key, vector) != 1)
			return -1;
	} else if (EVP_EncryptInit_ex(cipher->keystream, NULL, NULL, NULL, vector) != 1) {
		return -1;
	}
	if (EVP_EncryptUpdate(cipher->keystream, keystream, &made, zeros, (int)block) == 1)
		result = keystream[offset % block] ^ byte;
	OPENSSL_cleanse(keystream, sizeof(keystream));
	return result;
}

bool wt_cipher_unchain(struct wt_cipher *cipher, const uint8_t *vector, const uint8_t *bytes, size_t count,
		       uint8_t *out)
{
	int made = 0;

	if (count % WT_BLOCK_LENGTH != 0 || count > 1 << 20)
		return false;
	return EVP_DecryptInit_ex(cipher->open, NULL, NULL, NULL, vector) == 1 &&
	       EVP_DecryptUpdate(cipher->open, out, &made, bytes, (int)count) == 1 && (size_t)made == count;
}

bool wt_encrypt_block(const uint8_t *key, const uint8_t *block, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int made = 0;
	bool works =
	    context != NULL && EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
	    EVP_EncryptUpdate(context, out, &made, block, WT_BLOCK_LENGTH) == 1 && made == WT_BLOCK_LENGTH;

	EVP_CIPHER_CTX_free(context);
	return works;
}

/* Writes the hash of up to three pieces. */
static bool hash_of(const EVP_MD *md, EVP_MD_CTX *context, const uint8_t *pad, size_t pad_count,
		    const uint8_t *first, size_t first_count, const uint8_t *second, size_t second_count,
		    uint8_t *out)
{
	return EVP_DigestInit_ex(context, md, NULL) == 1 && EVP_DigestUpdate(context, pad, pad_count) == 1 &&
	       (first_count == 0 || EVP_DigestUpdate(context, first, first_count) == 1) &&
	       (second_count == 0 || EVP_DigestUpdate(context, second, second_count) == 1) &&
	       EVP_DigestFinal_ex(context, out, NULL) == 1;
}

/* By hand: libcrypto 1.1 and 3 share no interface to HMAC that neither calls outdated. */
bool wt_hmac(enum wt_hash hash, const uint8_t *key, size_t key_count, const uint8_t *first,
	     size_t first_count, const uint8_t *second, size_t second_count, uint8_t *out)
{
	const EVP_MD *md = digest(hash);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t inner[128] = {0}, outer[128], sum[EVP_MAX_MD_SIZE];
	bool works = md != NULL && context != NULL;

	if (works) {
		const size_t block = (size_t)EVP_MD_block_size(md), length = (size_t)EVP_MD_size(md);

		if (key_count > block)
			works = hash_of(md, context, key, key_count, NULL, 0, NULL, 0, inner);
		else if (key_count > 0)
			memcpy(inner, key, key_count);
		memcpy(outer, inner, sizeof(outer));
		for (size_t i = 0; i < block; i++) {
			inner[i] ^= 0x36;
			outer[i] ^= 0x5c;
		}
		works = works &&
			hash_of(md, context, inner, block, first, first_count, second, second_count, sum) &&
			hash_of(md, context, outer, block, sum, length, NULL, 0, out);
	}
	EVP_MD_CTX_free(context);
	OPENSSL_cleanse(inner, sizeof(inner));
	OPENSSL_cleanse(outer, sizeof(outer));
	OPENSSL_cleanse(sum, sizeof(sum));
	return works;
}

void wt_wipe(void *bytes, size_t count)
{
	OPENSSL_cleanse(bytes, count);
}
