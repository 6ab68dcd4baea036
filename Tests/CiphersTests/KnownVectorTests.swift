// SPDX-License-Identifier: Apache-2.0
import Ciphers
import System
import Testing

/// Bytes written in hexadecimal digits.
func hex(_ digits: String) -> [UInt8] {
  let values = digits.utf8.compactMap(HexDigit.value)
  return stride(from: 0, to: values.count - 1, by: 2).map { values[$0] << 4 | values[$0 + 1] }
}

/// HMAC of two pieces.
private func hmac(_ hash: HashFunction, _ key: Secret, _ first: [UInt8], _ second: [UInt8] = []) -> [UInt8] {
  KeyDerivation.hmac(hash, key: key, first.rawSpan, second.rawSpan).array
}

extension RecordCipher {
  func open(_ bytes: [UInt8], _ nonce: Nonce, _ extra: RecordExtra) -> [UInt8]? {
    var out = [UInt8](repeating: 0, count: 200)
    return unseal(bytes.rawSpan, nonce, extra, into: &out).map { Array(out[..<$0]) }
  }

  func unchain(_ bytes: [UInt8]) -> [UInt8]? {
    var out = [UInt8](repeating: 0, count: 200)
    return unchain(bytes.rawSpan, into: &out) ? Array(out[..<(bytes.count - 16)]) : nil
  }
}

extension Secret {
  static func read(_ digits: String) -> Secret? { reading(hex: Array(digits.utf8).rawSpan) }

  convenience init(_ digits: String) { self.init(copying: hex(digits).rawSpan) }

  var array: [UInt8] { (0..<count).map { self.bytes.byte($0) } }
}

/// Vectors of the RFCs.
@Suite struct KnownVectorTests {
  @Test func `libcrypto has what is needed`() { #expect(RecordCipher.start()) }

  @Test func `HMAC is RFC 4231's`() {
    let key = Secret(copying: [UInt8](repeating: 0x0b, count: 20).rawSpan)
    let text = Array("Hi There".utf8)
    #expect(
      hmac(.sha256, key, text)
        == hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"))
    #expect(
      hmac(.sha384, key, Array(text[..<3]), Array(text[3...]))
        == hex(
          """
          afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6
          """))
    // A key longer than a block is hashed first.
    let long = Secret(copying: [UInt8](repeating: 0xaa, count: 131).rawSpan)
    #expect(
      hmac(.sha256, long, Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        == hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"))
  }

  @Test(arguments: [
    (
      "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21", "dbfaa693d1762c5b666af5d950258d01",
      "5bd3c71b836e0b76bb73265f"
    ),
    (
      "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", "3fce516009c21727d0f2e4e86ee403bc",
      "5d313eb2671276ee13000b30"
    ),
    (
      "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5", "17422dda596ed5d9acd890e3c63f5051",
      "5b78923dee08579033e523d9"
    ),
    (
      "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643", "9f02283b6c9c07efc26bb9f2ac92e356",
      "cf782b88dd83549aadf1e984"
    ),
  ])
  func `keys of traffic secrets are RFC 8448's`(secret: String, key: String, vector: String) {
    let secret = Secret(secret)
    #expect(KeyDerivation.expandLabel(.sha256, secret, "key", length: 16).array == hex(key))
    #expect(KeyDerivation.expandLabel(.sha256, secret, "iv", length: 12).array == hex(vector))
  }

  @Test func `TLS 1.2's pseudorandom function gives its published output`() {
    let made = KeyDerivation.pseudorandom(
      .sha256, Secret("9bbe436ba940f017b17652849a71db35"), "test label",
      seed: hex("a0ba9f936cda311827a6f796ffd5198c"), length: 100)
    #expect(
      made.array
        == hex(
          """
          e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af
          0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
          87347b66
          """))
  }

  @Test func `a record of RFC 8448 opens with its number only, and its bytes can be peeked at`() throws {
    let secret = Secret("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
    let key = KeyDerivation.expandLabel(.sha256, secret, "key", length: 16)
    let vector = KeyDerivation.expandLabel(.sha256, secret, "iv", length: 12)
    let record = hex(
      """
      1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a
      6292a2977014bd1e3deae63aeebb21694915e4
      """)
    let cipher = try #require(RecordCipher(.aes128GCM, key: key, at: 0))
    var extra = RecordExtra(count: 5)
    for index in 0..<5 { extra.bytes[index] = record[index] }
    let body = Array(record[5...])
    let nonce = Nonce(vector.bytes)
    let text = Array(0..<50 as Range<UInt8>) + [23]
    #expect(cipher.open(body, nonce.combined(with: 0), extra) == text)
    for offset in 0..<51 {
      #expect(cipher.peek(body[offset], at: offset, nonce.combined(with: 0)) == text[offset])
    }
    #expect(cipher.open(body, nonce.combined(with: 1), extra) == nil)
    #expect(cipher.open(Array(body[..<10]), nonce, extra) == nil)
    extra.bytes[0] = 22
    #expect(cipher.open(body, nonce.combined(with: 0), extra) == nil)
  }

  @Test func `ChaCha20-Poly1305 is RFC 8439's, and its bytes can be peeked at`() throws {
    let key = Secret(copying: Array(0x80..<0xa0).rawSpan)
    let cipher = try #require(RecordCipher(.chaCha20Poly1305, key: key, at: 0))
    let sealed = hex(
      """
      d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b
      1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
      3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691
      """)
    let nonce = Nonce(hex("070000004041424344454647").rawSpan)
    var extra = RecordExtra(count: 12)
    for (index, byte) in hex("50515253c0c1c2c3c4c5c6c7").enumerated() { extra.bytes[index] = byte }
    let out = try #require(cipher.open(sealed, nonce, extra))
    #expect(out.count == 114)
    #expect(String(decoding: out, as: UTF8.self).hasPrefix("Ladies and Gentlemen of the class of '99"))
    for offset in 0..<114 { #expect(cipher.peek(sealed[offset], at: offset, nonce) == out[offset]) }
    extra.bytes[0] ^= 1
    #expect(cipher.open(sealed, nonce, extra) == nil)
  }

  @Test func `CBC gives back whole blocks only`() throws {
    // NIST SP 800-38A, F.2.2.
    let cipher = try #require(
      RecordCipher(.aes128CBC, key: Secret("2b7e151628aed2a6abf7158809cf4f3c"), at: 0))
    let input = hex(
      "000102030405060708090a0b0c0d0e0f7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")
    #expect(
      cipher.unchain(input) == hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"))
    #expect(cipher.unchain(Array(input[..<40])) == nil)
    #expect(cipher.peek(0, at: 0, Nonce(salt: 0, explicit: 0)) == nil)
  }

  @Test func `nothing that prints values shows a secret`() {
    let secret = Secret("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), String(describing: [secret as Secret?]), dumped] {
      #expect(!text.contains("3344") && !text.contains("51") && text.contains("a secret of 32 bytes"))
    }
    #expect(Secret.read("0g") == nil)
    #expect(Secret.read("012") == nil)
    #expect(Secret.read("aBc0")?.array == [0xab, 0xc0])
  }
}
