using System.Collections.Immutable;
using System.Text;

namespace Attune.Web.Annotation;

/// <summary>A word, and the white space after it.</summary>
/// <param name="Start">The position of its first code point.</param>
/// <param name="End">The position after its last code point.</param>
public readonly record struct Word(string Text, string Space, int Start, int End);

/// <summary>
/// Splits an answer into words, so that marks begin and end at white space, as the data of fine-grained RLHF requires (Wu et al. 2023), and
/// positions are counted in one place, in code points.
/// </summary>
public static class WordSplitter
{
    /// <summary>The first word is empty if the text begins with white space.</summary>
    public static ImmutableArray<Word> Split(string text)
    {
        var words = ImmutableArray.CreateBuilder<Word>();
        var (word, space) = (new StringBuilder(), new StringBuilder());
        var (start, position) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var white = Rune.IsWhiteSpace(rune);
            if (!white && space.Length > 0)
            {
                words.Add(Take(word, space, start));
                start = position;
            }

            (white ? space : word).Append(rune.ToString());
            position++;
        }

        if (word.Length + space.Length > 0)
        {
            words.Add(Take(word, space, start));
        }
        return words.ToImmutable();
    }

    private static Word Take(StringBuilder word, StringBuilder space, int start)
    {
        var taken = new Word(word.ToString(), space.ToString(), start, start + Core.Conversations.CodePoints.Count(word.ToString()));
        word.Clear();
        space.Clear();
        return taken;
    }
}
