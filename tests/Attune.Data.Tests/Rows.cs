using System.Text;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using CsCheck;

namespace Attune.Data.Tests;

/// <summary>Random rows of every kind, with the texts that break careless readers.</summary>
internal static class Rows
{
    private static readonly string[] Hard =
    [
        "",
        " ",
        "  two",
        "\r\n",
        "e\u0301",
        "😀",
        "\u2028",
        "\u0000",
        "\"\\/",
        "</script>",
        "\uFEFF",
        "\n\nAssistant:",
    ];

    public static Gen<string> Text { get; } =
        Gen.OneOf(
                Gen.Int[0x20, 0x7e].Select(c => ((char)c).ToString()),
                Gen.Int[0xe000, 0x10ffff].Select(r => new Rune(r).ToString()),
                Gen.Int[0, Hard.Length - 1].Select(i => Hard[i])
            )
            .Array[0, 12]
            .Select(string.Concat);

    private static Gen<Message> Message { get; } = Gen.Select(Gen.Int[0, 3], Text).Select((role, text) => new Message((Role)role, text));

    public static Gen<Prompt> Prompt { get; } =
        Gen.OneOf(Text.Select(text => (Prompt)new Prompt.Text(text)), Message.Array[1, 4].Select(m => (Prompt)new Prompt.Chat([.. m])));

    private static Gen<string?> Annotator { get; } = Gen.OneOf(Gen.Const((string?)null), Text.Select(text => (string?)text));

    private static Gen<double?> Margin { get; } = Gen.OneOf(Gen.Const((double?)null), Gen.Double[-1e9, 1e9].Select(m => (double?)m));

    /// <summary>Which of two answers were cut.</summary>
    private static Gen<CutAnswers> CutOfTwo { get; } = Gen.Bool.Array[2].Select(CutAnswers.Of);

    private static Gen<CutAnswers> CutOfOne { get; } = CutOfTwo.Select(c => c.Select(0));

    public static Gen<Document> Document { get; } = Text.Select(text => new Document(text));

    public static Gen<Demonstration> Demonstration { get; } =
        Gen.Select(Prompt, Text, Annotator, CutOfOne)
            .Select((prompt, answer, who, cut) => new Demonstration(prompt, answer) { Annotator = who, Cut = cut });

    public static Gen<Preference> Preference { get; } =
        Gen.Select(Prompt, Text, Text, Margin, Annotator, CutOfTwo)
            .Select(
                (prompt, chosen, rejected, margin, who, cut) =>
                    new Preference(prompt, chosen, rejected, margin) { Annotator = who, Cut = cut }
            )
            // Pairs of one answer are left out when they are read.
            .Where(pair => pair.Chosen != pair.Rejected);

    public static Gen<Verdict> Verdict { get; } =
        Gen.Select(Prompt, Text, Gen.Bool, Annotator, CutOfOne)
            .Select((prompt, answer, good, who, cut) => new Verdict(prompt, answer, good) { Annotator = who, Cut = cut });

    public static Gen<StepLabels> Steps { get; } =
        Gen.Select(
                Prompt,
                Gen.Select(Text, Gen.OneOf(Gen.Int[-1, 1].Select(i => (double)i), Gen.Double[-1, 1]))
                    .Select((text, label) => new ReasoningStep(text, label))
                    .Array[1, 5],
                Annotator,
                Gen.Int[0, 2].Select(i => i == 0 ? (bool?)null : i == 1)
            )
            .Select((prompt, steps, who, right) => new StepLabels(prompt, [.. steps]) { Annotator = who, Outcome = right });

    public static Gen<Choice> Choice { get; } =
        Gen.Select(Prompt, Text.Array[2, 5], Gen.Int[0, 1], Annotator, CutOfTwo)
            .Select((prompt, answers, best, who, cut) => new Choice(prompt, [.. answers], best) { Annotator = who, Cut = cut });

    public static Gen<Ranking> Ranking { get; } =
        Gen.Select(Prompt, Text.Array[2, 5], Gen.Int[1, 4], Annotator, CutOfTwo)
            .Select(
                (prompt, answers, rank, who, cut) =>
                    new Ranking(prompt, [.. answers], [.. answers.Select((_, i) => 1 + (i * rank % 4))]) { Annotator = who, Cut = cut }
            );

    /// <summary>All fields of a record as comparable values.</summary>
    public static IEnumerable<object?> Fields(object row) =>
        row switch
        {
            Choice c => [c.Prompt, c.Best, c.Annotator, c.Cut, .. c.Answers],
            Ranking r => [r.Prompt, r.Annotator, r.Cut, .. r.Answers, .. r.Ranks.Select(rank => (object)rank)],
            StepLabels s => [s.Prompt, s.Annotator, s.Outcome, .. s.Steps.Select(step => (object)step)],
            _ => [row],
        };
}
