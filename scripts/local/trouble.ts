/** Why a start cannot go on, in words for whoever typed it: told in full and without a stack. */
export class Trouble extends Error {
  override readonly name = "Trouble";
}
