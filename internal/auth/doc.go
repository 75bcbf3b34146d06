// Package auth holds the keys of authkeys and signs and opens datagrams with them. It is pure.
//
// What opens a datagram, N being the key number it names:
//
//   - Classic text: method and secret of entry N. 3.0.6 does the same.
//   - Netstring: method of entry N, and the secret of entry N. 3.0.6 refuses that when N is not its
//     sending key, so with it a key change cannot be rolled out by number; ours can.
//   - Netstring also: method of entry N with the secret of our own sending key. This is what 3.0.6
//     really checks. Only if the sending key has a secret: md5 or sha1 with an empty one is no proof,
//     so a sending key of method crc lends nothing to the other entries.
//
// An entry of method crc has no secret and so proves nothing: any sender who names its number is
// let in, in both framings, exactly as by 3.0.6, even if the sending key is sha1. crc is never
// tried for a number whose entry is another method.
//
// The text auth= inside a netstring datagram is not checked, as by 3.0.6: the outer signature
// covers it with everything else.
package auth
