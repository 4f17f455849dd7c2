using System.Globalization;
using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics.Comparisons;

namespace Attune.Audit.Truth;

/// <summary>
/// Judgements whose truth is known. By default every presumption holds: each answer has a utility, drawn from a normal distribution;
/// people prefer by Bradley and Terry's model; the order in which answers are shown, the time and the answers' form do not matter.
/// </summary>
public sealed record JudgedWorld(Seed Seed)
{
    public int Prompts { get; init; } = 12;

    /// <summary>Answers to each prompt.</summary>
    public int Answers { get; init; } = 4;

    public int People { get; init; } = 8;

    /// <summary>Judgements of each person on each pair.</summary>
    public int Repeats { get; init; } = 2;

    /// <summary>Standard deviation of utilities, in log-odds.</summary>
    public double Spread { get; init; } = 1.5;

    /// <summary>Log-odds that each answer has over the next ones around a wheel.</summary>
    public double Circle { get; init; }

    /// <summary>Log-odds are sign(d) |d|^x of the difference d of utilities: 1 for Bradley and Terry, 0 for the order alone.</summary>
    public double Exponent { get; init; } = 1;

    /// <summary>Share of judgements that are the toss of a coin.</summary>
    public double Lapses { get; init; }

    /// <summary>Log-odds for what is shown first.</summary>
    public double First { get; init; }

    /// <summary>Log-odds for each doubling of an answer's length, which has nothing to do with its utility.</summary>
    public double Length { get; init; }

    /// <summary>People are split into so many groups of about equal size, each with utilities of its own.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Share of people whose utilities are the opposite.</summary>
    public double Opposed { get; init; }

    /// <summary>How many times as often those people judge each pair.</summary>
    public int Loud { get; init; } = 1;

    /// <summary>Share of people who toss a coin.</summary>
    public double Careless { get; init; }

    /// <summary>How much of utilities has been replaced by others at the end; the change is linear in time.</summary>
    public double Drift { get; init; }

    /// <summary>Rao and Kupper's threshold: differences within it are ties.</summary>
    public double Ties { get; init; }

    /// <summary>All judgements in a random order, which is the order of time.</summary>
    public IReadOnlyList<PairJudgement> Judge()
    {
        (int Prompt, int Person, int One, int Other)[] asked =
        [
            .. from prompt in Enumerable.Range(0, Prompts)
            from person in Enumerable.Range(0, People)
            from one in Enumerable.Range(0, Answers)
            from other in Enumerable.Range(one + 1, Answers - one - 1)
            from repeat in Enumerable.Range(0, person < Opposed * People ? Loud * Repeats : Repeats)
            select (prompt, person, one, other),
        ];
        var texts = Enumerable.Range(0, Prompts).Select(p => Enumerable.Range(0, Answers).Select(a => Text(p, a)).ToArray()).ToArray();
        var order = Seed.For("order").Rng().Permutation(asked.Length);
        return [.. order.Select((which, place) => Judged(asked[which], texts, place, asked.Length))];
    }

    private PairJudgement Judged((int Prompt, int Person, int One, int Other) asked, string[][] texts, int place, int all)
    {
        var (prompt, person, one, other) = asked;
        var rng = Seed.For("judge", place).Rng();
        var (first, second) = rng.NextDouble() < 0.5 ? (one, other) : (other, one);
        var time = Drift * place / all;
        double At(int answer) => ((1 - time) * Utility(prompt, answer, person, 0)) + (time * Utility(prompt, answer, person, 1));
        var difference = At(first) - At(second);
        // Each answer beats the next ones around a wheel; with an even number, the one opposite has no say.
        var ahead = (second - first + Answers) % Answers;
        var around = Math.Sign(Answers - (2 * ahead)) * Circle;
        var odds =
            (Math.Sign(difference) * Math.Pow(Math.Abs(difference), Exponent))
            + around
            + First
            + (Length * Math.Log2((1.0 + texts[prompt][first].Length) / (1 + texts[prompt][second].Length)));
        var coin = rng.NextDouble() < Lapses || person < Careless * People;
        return new PairJudgement(
            string.Create(CultureInfo.InvariantCulture, $"prompt {prompt}"),
            texts[prompt][first],
            texts[prompt][second],
            Outcome(rng.NextDouble(), coin ? 0 : odds, coin ? 0 : Ties),
            string.Create(CultureInfo.InvariantCulture, $"person {person}")
        );
    }

    /// <summary>Rao and Kupper 1967: the first wins where the difference with logistic noise is above the threshold.</summary>
    private static double Outcome(double draw, double odds, double threshold) =>
        draw < PairLink.Logistic.Probability(odds - threshold) ? 1
        : draw < PairLink.Logistic.Probability(odds + threshold) ? 0.5
        : 0;

    private double Utility(int prompt, int answer, int person, int era)
    {
        var opposed = person < Opposed * People ? -1 : 1;
        return opposed * Spread * Seed.For("utility", prompt, answer, person % Groups, era).Rng().NextNormal();
    }

    /// <summary>Words whose number is log-normal; about half of the answers are lists.</summary>
    private string Text(int prompt, int answer)
    {
        var rng = Seed.For("text", prompt, answer).Rng();
        var words = (int)Math.Round(12 * Math.Exp(0.6 * rng.NextNormal()));
        var list = rng.NextDouble() < 0.5 ? "- " : "";
        return list + "answer " + answer.ToString(CultureInfo.InvariantCulture) + string.Concat(Enumerable.Repeat(" word", words));
    }
}
