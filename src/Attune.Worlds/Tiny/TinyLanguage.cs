using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;

namespace Attune.Worlds.Tiny;

/// <summary>
/// A language so small that all its texts can be enumerated: seven letters and an end token, four prompts of two letters, answers of a few
/// letters. Its texts are walks: the next letter is most often the one or two after the last. The longer an answer, the more likely it
/// ends; five letters are the most, and rare. Figures: docs/bayes.md.
/// </summary>
public static class TinyLanguage
{
    public const string Letters = "abcdefg";
    public const string End = "<|end|>";

    // Chance that an answer ends after 0, 1, 2, 3, 4 and 5 letters.
    private static readonly double[] Ends = [0.02, 0.15, 0.35, 0.55, 0.95, 1];

    // Chance that the next letter lies 0, 1, ... 6 places after the last, in a ring.
    private static readonly double[] Steps = [0.05, 0.32, 0.2, 0.14, 0.12, 0.1, 0.07];

    public static ImmutableArray<Prompt.Text> Prompts { get; } = [new("ad"), new("bf"), new("ce"), new("ga")];

    /// <summary>The prompts again and again, so that any number of answers can be asked for.</summary>
    public static IEnumerable<Prompt.Text> RepeatedPrompts(int count) =>
        Enumerable.Range(0, count).Select(i => Prompts[i % Prompts.Length]);

    /// <summary>Prompts with an answer each; item i depends on the seed and on i alone.</summary>
    public static IEnumerable<Demonstration> Demonstrations(Seed seed, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var rng = seed.For("tiny text", i).Rng();
            var prompt = Prompts[rng.NextInt(Prompts.Length)];
            yield return new Demonstration(prompt, Answer(prompt, rng));
        }
    }

    /// <summary>The probability that the language itself gives to an answer: what a model that learned it perfectly would give.</summary>
    public static double ProbabilityOf(Prompt prompt, string answer)
    {
        if (answer.Length >= Ends.Length)
        {
            return 0;
        }

        var (last, probability) = (Letters.IndexOf(prompt.Key[^1], StringComparison.Ordinal), 1.0);
        for (var i = 0; i < answer.Length; i++)
        {
            var next = Letters.IndexOf(answer[i], StringComparison.Ordinal);
            probability *= (1 - Ends[i]) * Steps[(next - last + Letters.Length) % Letters.Length];
            last = next;
        }

        return probability * Ends[answer.Length];
    }

    private static string Answer(Prompt.Text prompt, Rng rng)
    {
        var (answer, last) = ("", Letters.IndexOf(prompt.Value[^1], StringComparison.Ordinal));
        while (rng.NextDouble() >= Ends[answer.Length])
        {
            var draw = rng.NextDouble();
            var step = 0;
            while (step < Steps.Length - 1 && (draw -= Steps[step]) >= 0)
            {
                step++;
            }

            last = (last + step) % Letters.Length;
            answer += Letters[last];
        }

        return answer;
    }
}
