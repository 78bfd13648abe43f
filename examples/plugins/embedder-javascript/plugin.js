// Compares texts by the letters that follow each other in them.

// One component for each pair of letters.
const DIMENSION = 26 * 26;

export const embedTexts = {
  describe: () => ({
    identity: {
      name: "embedder-javascript",
      version: "0.1.0",
      description: "Compares texts by the letters that follow each other in them.",
    },
    dimension: DIMENSION,
  }),
  // Called only if the operator has written a configuration for this plugin.
  configure() {
    throw "this plugin has no settings";
  },
  // Embeds texts, spells and errors alike.
  embed: (subject, texts) => texts.map(vector),
};

function vector(text) {
  const counts = new Float32Array(DIMENSION);
  for (let at = 1; at < text.length; at++) {
    const first = letter(text.charCodeAt(at - 1));
    const second = letter(text.charCodeAt(at));
    if (first >= 0 && second >= 0) counts[26 * first + second] += 1;
  }
  // The contract asks for the length 1; a text that says nothing has zeros.
  const length = Math.sqrt(counts.reduce((sum, count) => sum + count * count, 0));
  return length > 0 ? counts.map((count) => count / length) : counts;
}

// The place of a letter in the alphabet, whatever its case; -1 for anything else.
function letter(code) {
  const place = (code | 32) - 97;
  return place >= 0 && place < 26 ? place : -1;
}
