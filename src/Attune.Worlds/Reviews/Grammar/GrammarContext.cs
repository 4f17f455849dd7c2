using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>How a noun counts: a plot (one), music (mass), songs (many).</summary>
internal enum Number
{
    One,
    Mass,
    Many,
}

/// <summary>What a production may depend on.</summary>
/// <param name="Valence">How good: -2 awful, -1 bad, 0 neither, 1 good, 2 superb.</param>
internal readonly record struct GrammarContext(Style Style, int Valence, Aspect Aspect, Number Number, Genre Genre);

/// <summary>The features of a <see cref="GrammarContext"/>, as a set.</summary>
[Flags]
internal enum Features
{
    None = 0,
    Style = 1,
    Valence = 2,
    Aspect = 4,
    Number = 8,
    Genre = 16,
}
