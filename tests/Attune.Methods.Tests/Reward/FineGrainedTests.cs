using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Data.Formats;
using Attune.Methods.Process;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training;
using Attune.Training.Experience;
using Attune.Training.Optimisation;
using CsCheck;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class FineGrainedTests
{
    private const string Text = "One. Two is said here, and more of it is, too. Three.";

    private static readonly SpanModelOptions Sentences = new()
    {
        Name = "m",
        Density = SpanDensity.Sentence,
        Types = ["Bad"],
    };

    private static readonly Encoder Letters = new(new LetterTokenizer("? OneTwhr.o!", "<end>"), ChatTemplates.ChatMl);

    [Fact]
    public void A_part_is_bad_where_a_mark_of_the_types_has_some_of_it()
    {
        // "One." is 0 to 4, "Two." 5 to 9, "Three." 10 to 16.
        Assert.Equal([false, true, false], Bad(new AnswerSpan(5, 9, "Bad")));
        Assert.Equal([true, true, false], Bad(new AnswerSpan(3, 6, "Bad")));
        Assert.Equal([false, false, false], Bad(new AnswerSpan(4, 5, "Bad")));
        Assert.Equal([false, false, false], Bad(new AnswerSpan(0, 16, "Other")));
    }

    [Fact]
    public void Missing_information_makes_the_whole_answer_bad_and_no_sentence()
    {
        var row = Row() with { Missing = [new MissingInformation("Bad", null, [])] };
        Assert.Equal([true], Bad(row, Sentences with { Density = SpanDensity.Answer }));
        Assert.Equal([false, false, false], Bad(row, Sentences));
    }

    [Fact]
    public void A_part_is_learned_at_its_last_token_and_what_ends_beyond_the_limit_is_counted()
    {
        // A token a letter: the prompt has one, so that "One." ends at token 4, "Two." at 9 and "Three." at 16.
        var (cut, row) = (0, Row(new AnswerSpan(5, 9, "Bad")));
        var item = FineGrained.Item(Letters, row, Sentences, maxLength: 32)!;
        Assert.Equal([(4, 1f), (9, 0f), (16, 1f)], item.Targets.Select(t => (t.Position, t.Probabilities[1])));
        item = FineGrained.Item(Letters, row, Sentences, maxLength: 16, n => cut += n)!;
        Assert.Equal([4, 9], item.Targets.Select(t => t.Position));
        Assert.Equal((16, 1), (item.Sequence.Length, cut));
        Assert.Null(FineGrained.Item(Letters, row, Sentences, maxLength: 4, n => cut += n));
        Assert.Equal(4, cut);
    }

    [Fact]
    public void Law_what_is_bad_in_a_part_is_bad_in_the_part_that_holds_it() =>
        Gen.Select(Gen.Int[0, Text.Length], Gen.Int[0, Text.Length])
            .Array[0, 4]
            .Sample(
                places =>
                {
                    var row = new SpanLabels(
                        new Prompt.Text("?"),
                        Text,
                        [.. places.Select(p => new AnswerSpan(Math.Min(p.Item1, p.Item2), Math.Max(p.Item1, p.Item2), "Bad"))]
                    );
                    var (fine, coarse) = (Parts(row, SpanDensity.SubSentence), Parts(row, SpanDensity.Sentence));
                    Assert.All(
                        fine.Where(f => f.Bad),
                        f => Assert.Contains(coarse, c => c.Bad && c.Part.Start <= f.Part.Start && f.Part.End <= c.Part.End)
                    );
                    Assert.True(Parts(row, SpanDensity.Answer).Single().Bad || coarse.All(c => !c.Bad));
                },
                iter: 200
            );

    [Fact]
    public void Gradient_of_the_loss_at_hard_labels_agrees_with_finite_differences() =>
        Gen.Select(Gen.Double[-4, 4], Gen.Double[-4, 4], Gen.Bool)
            .Sample(
                (bad, good, isBad) =>
                    FiniteDifferences.Agree(
                        x => ProcessReward.Loss(x.view(1, 2), tensor(isBad ? new[] { 1.0, 0 } : [0.0, 1]).view(1, 2)).sum(),
                        [bad, good]
                    ),
                iter: 10
            );

    [Fact]
    public void On_real_answers_a_model_has_bad_parts_where_people_marked_its_types_and_nowhere_else()
    {
        var rows = DatasetFile.Read<SpanLabels>(SharedData.Require("fine-grained/qa-feedback-400.json")).Items;
        foreach (var model in new FineGrainedOptions().Models)
        {
            foreach (var row in rows)
            {
                var bad = Bad(row, model).Count(b => b);
                var marks = row.Spans.Count(s => model.Types.Contains(s.Type));
                var missing = row.Missing.Any(m => model.Types.Contains(m.Type));
                Assert.Equal(marks > 0 || missing, bad > 0);
            }
        }
    }

    [Fact]
    public async Task A_tiny_model_learns_which_parts_are_bad()
    {
        // Bad is what ends with an exclamation mark.
        string[] parts = ["One.", "Two!", "Three.", "One!", "Two."];
        StepItem[] items = [.. Enumerable.Range(0, 10).Select(i => Learned([parts[i % 5], parts[(i + 2) % 5], parts[(i + 3) % 5]]))];
        using var language = new LanguageModel(
            TransformerConfig.Gpt2(Letters.Tokenizer.VocabularySize, width: 16, layers: 1, heads: 2, contextLength: 32),
            new Seed(5)
        );
        using var model = new TokenClassifier(language, ["bad", "good"], new Seed(6));
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<StepItem>(
            new ProcessReward.Objective(model),
            new DatasetExperience<StepItem>(items, items.Length, epochs: 40),
            new Schedule(ScheduleKind.Linear, 1e-2, 0.1),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(items.Length, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, TestContext.Current.CancellationToken);
        Assert.True(observer.Losses[0] > 0.3 && observer.Losses[^1] < 0.1, $"{observer.Losses[0]:f3} to {observer.Losses[^1]:f3}");
        Assert.Equal(1, observer.Updates[^1].Metrics["accuracy"]);
    }

    private static StepItem Learned(string[] sentences)
    {
        var answer = string.Join(' ', sentences);
        ImmutableArray<AnswerSpan> marks =
        [
            .. SpanSplit
                .Of(answer, SpanDensity.Sentence)
                .Where(s => CodePoints.Slice(answer, s.Start, s.End).EndsWith('!'))
                .Select(s => new AnswerSpan(s.Start, s.End, "Bad")),
        ];
        return FineGrained.Item(Letters, new SpanLabels(new Prompt.Text("?"), answer, marks), Sentences, maxLength: 32)!;
    }

    private static (TextSpan Part, bool Bad)[] Parts(SpanLabels row, SpanDensity density)
    {
        var parts = SpanSplit.Of(row.Answer, density);
        return [.. parts.Zip(FineGrained.Bad(row, parts, Sentences with { Density = density }))];
    }

    private static bool[] Bad(AnswerSpan span) => Bad(Row(span), Sentences);

    private static bool[] Bad(SpanLabels row, SpanModelOptions model) =>
        [.. FineGrained.Bad(row, SpanSplit.Of(row.Answer, model.Density), model)];

    private static SpanLabels Row(params AnswerSpan[] spans) => new(new Prompt.Text("?"), "One. Two. Three.", [.. spans]);
}
