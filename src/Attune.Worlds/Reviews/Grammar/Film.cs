using System.Text.RegularExpressions;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>An invented film.</summary>
public sealed partial record Film(string Title, Genre Genre)
{
    /// <summary>One title in five is held out, decided by the title alone.</summary>
    public ReviewSplit Split => default(Seed).For(Title).Value % 5 == 0 ? ReviewSplit.HeldOut : ReviewSplit.Train;

    /// <summary>The genre as printed: "war film" for <see cref="Genre.War"/>.</summary>
    public string GenreName => NameOf(Genre);

    /// <summary>The prompt to review this film; the answer continues it and begins with a blank.</summary>
    public Prompt.Text Prompt => new($"Title: {Title}\nGenre: {GenreName}\nReview:");

    /// <summary>The film that a prompt names; null where the prompt is not of the form of <see cref="Prompt"/>.</summary>
    public static Film? Read(Prompt prompt)
    {
        if (prompt is not Prompt.Text text || PromptForm().Match(text.Value) is not { Success: true } match)
        {
            return null;
        }
        foreach (var genre in Enum.GetValues<Genre>())
        {
            if (NameOf(genre) == match.Groups["genre"].Value)
            {
                return new Film(match.Groups["title"].Value, genre);
            }
        }

        return null;
    }

    internal static string NameOf(Genre genre)
    {
        var production = GrammarTables.Default["genre"].Single(p => p.Guard.Genres == 1 << (int)genre);
        return string.Join(' ', production.Parts.Cast<Part.Word>().Select(w => w.Text));
    }

    [GeneratedRegex(@"\ATitle: (?<title>.+)\nGenre: (?<genre>.+)\nReview:\z", RegexOptions.CultureInvariant)]
    private static partial Regex PromptForm();
}
