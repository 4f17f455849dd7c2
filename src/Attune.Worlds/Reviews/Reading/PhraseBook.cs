using System.Collections.Frozen;

namespace Attune.Worlds.Reviews.Reading;

/// <summary>Finds the longest known phrase at a place in a text.</summary>
internal sealed class PhraseBook<T>
{
    private readonly FrozenDictionary<string, T> _phrases;
    private readonly int _longest;

    public PhraseBook(IEnumerable<KeyValuePair<string, T>> phrases)
    {
        _phrases = phrases.ToFrozenDictionary();
        _longest = _phrases.Keys.Max(phrase => phrase.Count(c => c == ' ') + 1);
    }

    public IEnumerable<KeyValuePair<string, T>> Phrases => _phrases;

    /// <summary>The longest phrase that starts at <paramref name="at"/>: how many tokens it has, 0 where none does.</summary>
    public int Match(ReadOnlySpan<string> tokens, int at, out T? meaning)
    {
        for (var length = Math.Min(_longest, tokens.Length - at); length > 0; length--)
        {
            if (_phrases.TryGetValue(string.Join(' ', tokens.Slice(at, length)!), out meaning))
            {
                return length;
            }
        }

        meaning = default;
        return 0;
    }
}
