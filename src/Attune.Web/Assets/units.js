// Cuts a text into what can be selected: words with punctuation apart, or characters as people see them. Positions are code points, as
// everywhere in the store. Chinese, Japanese, Thai and their like have no spaces between words: the browser knows their words, and where it
// does not (no Intl.Segmenter), each of their characters is selected by itself.

const spaceless = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}々ー';
const letter = `(?:(?![${spaceless}])[\\p{L}\\p{N}_])`;
const word = `${letter}(?:${letter}|\\p{M})*`;
// One character with its marks, its variation and what is joined to it.
const character = '(?:\\r\\n|[^](?:[\\p{M}\\ufe0f]|\\u200d[^])*)';
const fallback = {
  word: new RegExp(`\\s+|${word}(?:['’]${word}|(?<=\\p{N})[.,](?=\\p{N})${word})*|${character}`, 'gu'),
  character: new RegExp(character, 'gu'),
};

function pieces(text, by) {
  if (typeof Intl.Segmenter !== 'function') return text.match(fallback[by]) ?? [];
  const granularity = by === 'word' ? 'word' : 'grapheme';
  return [...new Intl.Segmenter(undefined, { granularity }).segment(text)].map(part => part.segment);
}

/** The pieces of a text in order: {text, start, end, blank}; blank ones are white space and cannot be selected by themselves. */
export function cut(text, by) {
  let start = 0;
  return pieces(text, by).map(piece => {
    const end = start + [...piece].length;
    const unit = { text: piece, start, end, blank: /^\s+$/u.test(piece) };
    start = end;
    return unit;
  });
}
