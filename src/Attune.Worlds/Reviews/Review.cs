using System.Collections.Immutable;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews;

/// <summary>A review and the hidden factors it was written from.</summary>
/// <param name="Sentiment">-1 to 1: the centre around which its sentences judge.</param>
/// <param name="Valences">The intended opinion of each unit of the review, -2 awful to 2 superb.</param>
/// <param name="Aspects">The aspects its nouns name, in order, without repeats.</param>
/// <param name="Text">The review, without a leading blank.</param>
public sealed record Review(
    Film Film,
    Style Style,
    double Sentiment,
    ImmutableArray<int> Valences,
    ImmutableArray<Aspect> Aspects,
    string Text
);
