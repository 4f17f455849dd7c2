using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Hypotheses;

namespace Attune.Audit.Presumptions;

/// <summary>Prompts on which a circle could show, with Bradley and Terry's strengths, and judgements drawn from them.</summary>
public sealed class FittedPrompts
{
    private const int MostAnswers = 20;

    // Tests share draws. Most stop within so many; more of them would fill memory where there are many prompts.
    private const int KeptDraws = 200;

    private readonly Seed _seed;
    private readonly Dictionary<int, FittedPrompt[]> _kept = [];

    public FittedPrompts(IEnumerable<PromptGroup> groups, Seed seed)
    {
        _seed = seed;
        All =
        [
            .. groups
                .Where(g => g.CanBeCircular && g.Answers.Count <= MostAnswers)
                .Select(g => g.Wins)
                .Where(w => FitTests.Of(w, new double[w.GetLength(0)]).FreedomGeneral > 0)
                .Select(w => new FittedPrompt(w)),
        ];
    }

    public IReadOnlyList<FittedPrompt> All { get; }

    /// <summary>Pairs of answers that were judged.</summary>
    public int Pairs => All.Sum(p => p.Pairs.Count());

    /// <summary>Judgements, a tie as one.</summary>
    public double Judged => All.Sum(p => p.Wins.Cast<double>().Sum());

    /// <summary>How often judgements drawn from the fit, and fitted again, have as large a statistic; and its mean there.</summary>
    public (double P, double Mean) Simulated(Func<IReadOnlyList<FittedPrompt>, double> statistic) =>
        MonteCarlo.Above(statistic(All), d => statistic(Draw(d)));

    private FittedPrompt[] Draw(int number)
    {
        if (_kept.TryGetValue(number, out var kept))
        {
            return kept;
        }

        var rng = _seed.For("fit", number).Rng();
        FittedPrompt[] drawn = [.. All.Select(p => Drawn(p, rng))];
        if (number < KeptDraws)
        {
            _kept[number] = drawn;
        }

        return drawn;
    }

    private static FittedPrompt Drawn(FittedPrompt from, Rng rng)
    {
        var (wins, theta) = (from.Wins, from.Strengths);
        var drawn = new double[theta.Length, theta.Length];
        for (var i = 0; i < theta.Length; i++)
        {
            for (var j = i + 1; j < theta.Length; j++)
            {
                var (judged, p) = ((int)Math.Round(wins[i, j] + wins[j, i]), PairLink.Logistic.Probability(theta[i] - theta[j]));
                for (var k = 0; k < judged; k++)
                {
                    var won = rng.NextDouble() < p;
                    drawn[won ? i : j, won ? j : i]++;
                }
            }
        }

        return new FittedPrompt(drawn);
    }
}
