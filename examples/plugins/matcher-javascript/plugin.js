// Scores a spell by its pattern, then by its code, and last by its words.

export const matchSpells = {
  describe: () => ({
    identity: {
      name: "matcher-javascript",
      version: "0.1.0",
      description: "Scores a spell by its pattern, its code, and last by words.",
    },
    prepares: false,
  }),
  // Called only if the operator has written a configuration for this plugin.
  configure() {
    throw "this plugin has no settings";
  },
  // Called only if the description says that it prepares.
  prepare: (spells) => spells.map(() => new Uint8Array(0)),
  // Judges all candidates of one error in one call.
  score(error, candidates) {
    return candidates.map((candidate, index) => judge(index, candidate));
  },
};

function judge(index, { evidence }) {
  const [score, signal, detail] = weigh(evidence);
  return { candidate: index, score, shown: signal !== "keyword", reasons: [{ signal, weight: score, detail }] };
}

function weigh({ pattern, code, keyword }) {
  if (pattern.tag === "hit") {
    return [pattern.val.inMessage ? 0.9 : 0.8, "pattern", "the spell's pattern was found"];
  }
  if (code === "covered") {
    return [0.7, "code", "the spell is for all errors of this code"];
  }
  return [0.4 * keyword, "keyword", "only words speak for it"];
}
