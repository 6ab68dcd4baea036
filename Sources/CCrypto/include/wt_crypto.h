/* SPDX-License-Identifier: Apache-2.0 */
/* Decrypting records of TLS by libcrypto (1.1 and later), by its EVP interface. Swift cannot call it: its
 * contexts are made and set by macros.
 */
#ifndef WT_CRYPTO_H
#define WT_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wt_cipher_kind {
	WT_AES_128_GCM,
	WT_AES_256_GCM,
	WT_CHACHA20_POLY1305,
	WT_AES_128_CBC,
	WT_AES_256_CBC,
};

enum wt_hash { WT_SHA1, WT_SHA256, WT_SHA384 };

/* Bytes of an AEAD's nonce and tag, of a block of AES, and of the longest hash. */
#define WT_NONCE_LENGTH 12
#define WT_TAG_LENGTH 16
#define WT_BLOCK_LENGTH 16
#define WT_LONGEST_HASH 48

/* A cipher with its key. */
struct wt_cipher;

/* Readies libcrypto without its configuration files and fetches what is needed of it, so that no file is
 * opened later; false where it lacks something. */
bool wt_crypto_start(void);

/* Keeps this process's memory out of core dumps, and from other processes of its user; false when the kernel
 * refuses. */
bool wt_hide_memory(void);

/* A cipher with a key of the length that its kind has; NULL without memory. */
struct wt_cipher *wt_cipher_open(enum wt_cipher_kind kind, const uint8_t *key);

/* Wipes the key and gives the memory back. */
void wt_cipher_close(struct wt_cipher *cipher);

/* Decrypts `count` bytes and the tag after them into `out`, which has room for `count`; false unless the tag
 * is right. */
bool wt_cipher_unseal(struct wt_cipher *cipher, const uint8_t *nonce, const uint8_t *extra,
		      size_t extra_count, const uint8_t *bytes, size_t count, uint8_t *out);

/* Decrypts the byte at `offset` of what an AEAD has encrypted, whose tag stays unchecked; -1 when it cannot.
 */
int wt_cipher_peek(struct wt_cipher *cipher, const uint8_t *nonce, uint8_t byte, size_t offset);

/* Decrypts `count` bytes, whole blocks, in CBC mode. */
bool wt_cipher_unchain(struct wt_cipher *cipher, const uint8_t *vector, const uint8_t *bytes, size_t count,
		       uint8_t *out);

/* Encrypts one block of WT_BLOCK_LENGTH bytes by AES with a key of 16 bytes; false when libcrypto cannot. */
bool wt_encrypt_block(const uint8_t *key, const uint8_t *block, uint8_t *out);

/* HMAC (RFC 2104) of up to two pieces; `out` has room for the hash. False when libcrypto has no such hash. */
bool wt_hmac(enum wt_hash hash, const uint8_t *key, size_t key_count, const uint8_t *first,
	     size_t first_count, const uint8_t *second, size_t second_count, uint8_t *out);

/* Overwrites bytes, which no compiler leaves out. */
void wt_wipe(void *bytes, size_t count);

#endif
