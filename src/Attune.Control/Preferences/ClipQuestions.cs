using Attune.Control.Policy;
using Attune.Core;
using Attune.Core.Runs;

namespace Attune.Control.Preferences;

/// <summary>Draws pairs of clips from a round, and chooses those to ask about.</summary>
public static class ClipQuestions
{
    /// <param name="steps">of a clip</param>
    /// <param name="count">questions; 0 gives none</param>
    /// <param name="first">number of the first question</param>
    /// <param name="disagreement">two keys to sort candidates by, highest first; null to take the first drawn</param>
    /// <param name="candidates">for each question</param>
    /// <exception cref="DataException">No episode of the round is as long as a clip.</exception>
    public static IReadOnlyList<ClipQuestion> Draw(
        IReadOnlyList<PlayedSteps> played,
        int steps,
        int count,
        long first,
        Seed seed,
        Func<Clip, Clip, (double, double)>? disagreement = null,
        int candidates = 10
    )
    {
        if (count == 0)
        {
            return [];
        }

        var starts = Clip.Starts(played, steps);
        if (starts.Count < 2)
        {
            throw new DataException(
                $"a clip has {steps} steps, but no two such clips lie within episodes of this round; "
                    + "expected shorter clips (clip_seconds or clip_steps) or more steps a round."
            );
        }

        var pairs = Enumerable.Range(0, disagreement is null ? count : count * candidates).Select(Pair);
        if (disagreement is not null)
        {
            pairs = pairs.OrderByDescending(p => disagreement(p.Left, p.Right)).Take(count);
        }

        return [.. pairs.Select((p, i) => new ClipQuestion(first + i, p.Left, p.Right))];

        (Clip Left, Clip Right) Pair(int index)
        {
            var chance = seed.For("clips", first, index).Rng();
            var left = chance.NextInt(starts.Count);
            var right = chance.NextInt(starts.Count - 1);
            return (At(left), At(right < left ? right : right + 1));
        }

        Clip At(int index) => Clip.Of(played[starts[index].Environment], starts[index].Start, steps);
    }
}
