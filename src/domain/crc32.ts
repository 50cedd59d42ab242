/** The IEEE 802.3 polynomial, bits reversed. */
const POLYNOMIAL = 0xedb88320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  return remainder;
});

/**
 * CRC-32 (IEEE) of an ASCII text. Whoever calls it has tested that the text is ASCII: of any other
 * character only the lowest eight bits would enter.
 * @returns a whole number from 0 to 2^32 - 1
 */
export function crc32(ascii: string): number {
  let crc = -1;
  for (let index = 0; index < ascii.length; index += 1) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ ascii.charCodeAt(index)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
