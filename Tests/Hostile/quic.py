# SPDX-License-Identifier: Apache-2.0
"""First packets of QUIC as a client protects them (RFC 9001, section 5), by the library that Python itself is linked with."""

import ctypes
import hashlib
import hmac

CRYPTO = ctypes.CDLL("libcrypto.so.3")
for name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_gcm", "EVP_aes_128_ecb"):
    getattr(CRYPTO, name).restype = ctypes.c_void_p
SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
GET_TAG = 0x10
TAG = 16


def expand(secret, label, length):
    """HKDF-Expand-Label of TLS 1.3 without a context, of one block (RFC 8446, section 7.1)."""
    full = b"tls13 " + label
    info = length.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0"
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:length]


class Cipher:
    """A cipher with its key."""

    def __init__(self, kind, key):
        self.context, self.kind, self.key = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new()), kind, key

    def begin(self, vector=None):
        kind = ctypes.c_void_p(getattr(CRYPTO, self.kind)())
        assert CRYPTO.EVP_EncryptInit_ex(self.context, kind, None, self.key, vector) == 1

    def update(self, text, is_extra=False):
        out, length = ctypes.create_string_buffer(len(text) + 16), ctypes.c_int()
        assert CRYPTO.EVP_EncryptUpdate(self.context, None if is_extra else out, ctypes.byref(length), text, len(text)) == 1
        return out.raw[: length.value]

    def tag(self):
        out, length = ctypes.create_string_buffer(TAG), ctypes.c_int()
        assert CRYPTO.EVP_EncryptFinal_ex(self.context, out, ctypes.byref(length)) == 1
        assert CRYPTO.EVP_CIPHER_CTX_ctrl(self.context, GET_TAG, TAG, out) == 1
        return out.raw


class Keys:
    """The keys of a client's Initial packets to a server that it calls by `identifier`."""

    def __init__(self, identifier):
        self.identifier = identifier
        secret = expand(hmac.new(SALT, identifier, hashlib.sha256).digest(), b"client in", 32)
        self.vector = expand(secret, b"quic iv", 12)
        self.text = Cipher("EVP_aes_128_gcm", expand(secret, b"quic key", 16))
        self.mask = Cipher("EVP_aes_128_ecb", expand(secret, b"quic hp", 16))

    def initial(self, message, number):
        """An Initial packet with a message of the handshake in one CRYPTO frame; `number` is below 256."""
        assert len(message) < 16_384
        body = b"\x06\0" + (0x4000 | len(message)).to_bytes(2, "big") + message
        length = 1 + len(body) + TAG
        header = b"\xc0\0\0\0\x01" + bytes([len(self.identifier)]) + self.identifier + b"\0\0"
        header += (0x4000 | length).to_bytes(2, "big") + bytes([number])
        self.text.begin(self.vector[:-1] + bytes([self.vector[-1] ^ number]))
        self.text.update(header, True)
        sealed = self.text.update(body) + self.text.tag()
        # The sample begins four bytes after the number's first one, however long that is.
        self.mask.begin()
        mask = self.mask.update(sealed[3:19])
        return bytes([header[0] ^ mask[0] & 0x0F]) + header[1:-1] + bytes([number ^ mask[1]]) + sealed
