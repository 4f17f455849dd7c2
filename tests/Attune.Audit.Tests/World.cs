using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics.Comparisons;

namespace Attune.Audit.Tests;

/// <summary>Judgements whose truth is known: by default every presumption holds.</summary>
internal sealed record World(ulong Seed)
{
    public int Answers { get; init; } = 6;

    public int People { get; init; } = 10;

    /// <summary>Judgements of each person on each pair.</summary>
    public int Repeats { get; init; } = 2;

    /// <summary>Added to the difference of utilities around a circle: 0 for none.</summary>
    public double Circle { get; init; }

    /// <summary>Log-odds for what is shown first.</summary>
    public double First { get; init; }

    /// <summary>Whether every second person has the opposite utilities.</summary>
    public bool TwoGroups { get; init; }

    public IReadOnlyList<PairJudgement> Judge()
    {
        var seed = new Seed(Seed);
        var judgements = new List<PairJudgement>();
        for (var person = 0; person < People; person++)
        {
            var sign = TwoGroups && person % 2 == 1 ? -1 : 1;
            for (var i = 0; i < Answers; i++)
            {
                for (var j = 0; j < Answers; j++)
                {
                    for (var repeat = 0; repeat < Repeats && i != j; repeat++)
                    {
                        var rng = seed.For("judge", person, i, j, repeat).Rng();
                        // Each answer beats the next ones around a wheel.
                        var around = (j - i + Answers) % Answers <= Answers / 2 ? Circle : -Circle;
                        var difference = (sign * (Utility(i) - Utility(j))) + around + First;
                        var wins = rng.NextDouble() < PairLink.Logistic.Probability(difference) ? 1 : 0;
                        judgements.Add(new PairJudgement("p", $"answer {i}", $"answer {j}", wins, $"person {person}"));
                    }
                }
            }
        }

        return judgements;
    }

    private double Utility(int answer) => 0.4 * (answer - ((Answers - 1) / 2.0));
}
