using System.Collections.Immutable;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>A piece of a production.</summary>
internal abstract record Part
{
    private Part() { }

    /// <summary>A word or a mark of punctuation.</summary>
    public sealed record Word(string Text) : Part;

    /// <summary>"a" or "an", decided by the word that follows.</summary>
    public sealed record Article(string Stem) : Part;

    /// <summary><c>&lt;is|are&gt;</c>: the first form for one thing or a mass, the second for many.</summary>
    public sealed record Agreement(ImmutableArray<string> One, ImmutableArray<string> Many) : Part;

    /// <summary>A table to choose from, seen from a shifted context.</summary>
    public sealed record Reference(string Table, Shift Shift) : Part;
}

/// <summary>Where a <see cref="Part.Reference"/> looks, against the sentence it stands in.</summary>
internal enum Shift
{
    /// <summary>{x}: the same noun, judged the same.</summary>
    None,

    /// <summary>{!x}: the same noun, judged the other way.</summary>
    Opposite,

    /// <summary>{other.x}: another noun, judged the same.</summary>
    Other,

    /// <summary>{against.x}: another noun, judged the other way.</summary>
    Against,

    /// <summary>{good.x}: the same noun, judged well.</summary>
    Good,

    /// <summary>{bad.x}: another noun, judged badly.</summary>
    Bad,
}

/// <summary>One way to write a symbol, and the judging words in it. Two are equal only if they are the same line.</summary>
internal sealed class Production(
    string symbol,
    Guard guard,
    ImmutableArray<Part> parts,
    ImmutableArray<ImmutableArray<string>> judgements,
    Reuse reuse
)
{
    public string Symbol { get; } = symbol;

    public Guard Guard { get; } = guard;

    public ImmutableArray<Part> Parts { get; } = parts;

    /// <summary>Word sequences, lower case, that carry the guard's judgement: the forms of one phrase, or of several.</summary>
    public ImmutableArray<ImmutableArray<string>> Judgements { get; } = judgements;

    public Reuse Reuse { get; } = reuse;

    public bool NamesFilm { get; } = parts.Any(part => part is Part.Reference { Table: "film" });
}

/// <summary>Whether a review may use a production again while others are left.</summary>
internal enum Reuse
{
    OnceAReview,
    Free,
}
