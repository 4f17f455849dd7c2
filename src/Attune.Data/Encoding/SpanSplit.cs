using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Attune.Core.Conversations;

namespace Attune.Data.Encoding;

/// <summary>How much of an answer a fine-grained reward judges at a time.</summary>
public enum SpanDensity
{
    /// <summary>Clauses of about five words or more.</summary>
    SubSentence,

    Sentence,

    /// <summary>The answer as a whole.</summary>
    Answer,
}

/// <summary>Splits answers into the parts that fine-grained rewards judge (Wu et al. 2023, arXiv:2306.01693).</summary>
public static partial class SpanSplit
{
    /// <summary>The least words of a sub-sentence, and the least that must remain of its sentence after it.</summary>
    public const int LeastWords = 5;

    /// <summary>The parts of a text, together all of it but for white space at its ends; empty where there is nothing else.</summary>
    /// <returns>In code points; white space between two parts belongs to neither.</returns>
    public static ImmutableArray<TextSpan> Of(string text, SpanDensity density) =>
        [
            .. (
                density switch
                {
                    SpanDensity.Answer => Whole(text),
                    SpanDensity.Sentence => Sentences(text),
                    _ => Sentences(text).SelectMany(s => SubSentences(text, s)),
                }
            ).Select(s => new TextSpan(CodePoints.OfUnits(text, s.Start), CodePoints.OfUnits(text, s.End))),
        ];

    private static IEnumerable<(int Start, int End)> Whole(string text)
    {
        var (start, end) = (text.Length - text.TrimStart().Length, text.TrimEnd().Length);
        return start < end ? [(start, end)] : [];
    }

    /// <summary>Up to and with a full stop, "!" or "?" (and closing quotes) before white space, and at line ends.</summary>
    private static IEnumerable<(int Start, int End)> Sentences(string text) =>
        Sentence().Matches(text).Where(m => !string.IsNullOrWhiteSpace(m.Value)).Select(m => (m.Index, m.Index + m.Length));

    /// <summary>
    /// A sentence is cut after a word that ends with a comma, semicolon, "!" or "?" where the piece has at least five words and at least
    /// five remain.
    /// </summary>
    private static IEnumerable<(int Start, int End)> SubSentences(string text, (int Start, int End) sentence)
    {
        var words = Word().Matches(text[..sentence.End], sentence.Start).ToArray();
        var first = 0;
        for (var i = 0; i < words.Length; i++)
        {
            var isCut = words[i].Value[^1] is ',' or ';' or '!' or '?';
            if (i == words.Length - 1 || (isCut && i - first + 1 >= LeastWords && words.Length - 1 - i >= LeastWords))
            {
                yield return (words[first].Index, words[i].Index + words[i].Length);
                first = i + 1;
            }
        }
    }

    [GeneratedRegex(@"\S(?:[^\n]*?[.!?][""'”’)\]]*(?=\s|$)|[^\n]*)", RegexOptions.CultureInvariant)]
    private static partial Regex Sentence();

    [GeneratedRegex(@"\S+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
