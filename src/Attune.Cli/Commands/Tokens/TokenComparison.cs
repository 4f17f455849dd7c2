using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Cli.Commands.Tokens;

/// <summary>The ids of the same texts under two tokenizers.</summary>
/// <param name="One">The model's; conversations are written by its template.</param>
internal sealed record TokenComparison(ChatText One, ChatText Other, bool SpecialSpellings)
{
    private const int Shown = 5,
        Window = 8;

    /// <summary>One row under both; the pieces of a tokenizer that cannot say it are null, and its reason stands instead.</summary>
    private sealed record Pair(string Text, Side One, Side Other)
    {
        public bool Same => One.Ids is { } ids && Other.Ids is { } others && ids.SequenceEqual(others);
    }

    private sealed record Side(ImmutableArray<int>? Ids, ImmutableArray<string>? Pieces, string? Refusal);

    /// <summary>Texts over which tokenizers disagree, for a comparison without rows.</summary>
    public static ImmutableArray<TokenRow> BuiltIn { get; } =
    [.. AwkwardTexts.All.Select((t, i) => new TokenRow($"built-in text {i + 1}", t, [], false, null))];

    /// <summary>Prints the comparison.</summary>
    /// <param name="json">One object a row instead of the first few that differ.</param>
    public void Write(ImmutableArray<TokenRow> rows, bool json)
    {
        var (differ, unequal) = (0, new List<(TokenRow Row, Pair Pair)>());
        foreach (var row in rows)
        {
            var pair = Compare(row);
            differ += pair.Same ? 0 : 1;
            if (json)
            {
                Console.Out.WriteLine(AsJson(pair));
            }
            else if (!pair.Same && unequal.Count < Shown)
            {
                unequal.Add((row, pair));
            }
        }

        var output = json ? Console.Error : Console.Out;
        foreach (var line in Roles())
        {
            output.WriteLine(line);
        }

        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{rows.Length} texts: {rows.Length - differ} have the same ids, {differ} differ")
        );
        foreach (var (row, pair) in unequal)
        {
            Show(row, pair);
        }

        if (!json && differ > unequal.Count)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"and {differ - unequal.Count} more; --json prints all"));
        }
    }

    private Pair Compare(TokenRow row)
    {
        var (one, other) = (Read(row, One.Tokenizer, out var text), Read(row, Other.Tokenizer, out _));
        return new Pair(text, one, other);
    }

    private Side Read(TokenRow row, ITokenizer tokenizer, out string text)
    {
        try
        {
            var traced = row.Trace(One with { Tokenizer = tokenizer }, SpecialSpellings);
            text = traced.Text;
            return new Side(traced.Tokens.Ids, [.. traced.Tokens.Ids.Select(tokenizer.Spelling)], null);
        }
        catch (DataException refusal) when (row.Text is not null)
        {
            text = row.Text;
            return new Side(null, null, refusal.Message);
        }
    }

    private static string AsJson(Pair pair)
    {
        static object Of(Side side) => side.Refusal is { } refusal ? new { refusal } : new { ids = side.Ids, pieces = side.Pieces };
        return JsonOutput.Line(
            new
            {
                text = pair.Text,
                same = pair.Same,
                model = Of(pair.One),
                against = Of(pair.Other),
            }
        );
    }

    /// <summary>What differs beside the ids of texts, a line each.</summary>
    private IEnumerable<string> Roles()
    {
        var (one, other) = (One.Tokenizer, Other.Tokenizer);
        static string Name(ITokenizer tokenizer, int? id) =>
            id is not { } token || token >= tokenizer.VocabularySize
                ? "none"
                : string.Create(CultureInfo.InvariantCulture, $"{token} {tokenizer.Spelling(token)}");
        (string What, string One, string Other)[] roles =
        [
            ("ids", Number(one.VocabularySize), Number(other.VocabularySize)),
            ("begin token", Name(one, one.BeginToken), Name(other, other.BeginToken)),
            ("end token", Name(one, one.EndToken), Name(other, other.EndToken)),
            ("padding", Name(one, one.PadToken), Name(other, other.PadToken)),
        ];
        foreach (var (what, first, second) in roles.Where(r => r.One != r.Other))
        {
            yield return $"{what}: {first}, against {second}";
        }

        foreach (var (sign, mine, theirs) in new[] { ("only in the model", one, other), ("only against", other, one) })
        {
            var names = mine.SpecialTokens.Where(t => theirs.FindSpecial(t) != mine.FindSpecial(t)).ToArray();
            if (names.Length > 0)
            {
                yield return $"special tokens {sign}: {string.Join(" ", names.Take(Window).Select(t => Name(mine, mine.FindSpecial(t))))}"
                    + (names.Length > Window ? $" and {Number(names.Length - Window)} more" : "");
            }
        }
    }

    private static void Show(TokenRow row, Pair pair)
    {
        var output = Console.Out;
        var first = pair is { One.Ids: { } ids, Other.Ids: { } others } ? ids.Zip(others).TakeWhile(p => p.First == p.Second).Count() : 0;
        output.WriteLine();
        output.WriteLine($"{row.Place}: {Line(pair.Text)}");
        output.WriteLine($"  from token {Number(first + 1)}");
        foreach (var (name, side) in new[] { ("model", pair.One), ("against", pair.Other) })
        {
            output.WriteLine($"  {name.PadRight(8)}{Around(side, first)}");
        }
    }

    private static string Around(Side side, int first) =>
        side is not { Ids: { } ids, Pieces: { } pieces }
            ? side.Refusal ?? ""
            : string.Join(" ", ids.Zip(pieces).Skip(first).Take(Window).Select(p => $"{Number(p.First)}:{TokenizeCommand.Shown(p.Second)}"))
                + (
                    ids.Length > first + Window ? $" and {Number(ids.Length - first - Window)} more"
                    : ids.Length <= first ? "(ends)"
                    : ""
                );

    private static string Line(string text)
    {
        var shown = TokenizeCommand.Shown(text);
        return shown.Length > 100 ? shown[..100] + "..." : shown;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
