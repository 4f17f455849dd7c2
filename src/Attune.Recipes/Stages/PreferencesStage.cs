using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Judging;
using Attune.Data.Order;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Rollouts;
using Attune.Worlds.Annotators;
using Microsoft.Extensions.AI;

namespace Attune.Recipes.Stages;

/// <summary>
/// Lets the policy answer prompts, and asks annotators, simulated or at the terminal, which answers they prefer; or takes the labels that
/// people gave in the annotation app, frozen at this moment.
/// </summary>
public sealed record PreferencesStage : Stage
{
    public override string Kind => "preferences";
    public override string Purpose => "sample answers and collect preferences";
    public override string Title => "Preferences";

    [Description(
        "where labels come from: ask (simulated annotators compare the policy's answers), model (a language model "
            + "compares them) or store (labels of the annotation app)"
    )]
    public PreferenceOrigin Source { get; init; } = PreferenceOrigin.Ask;

    [Description("store only: SQLite file or PostgreSQL connection of the feedback store")]
    public string Database { get; init; } = "feedback.db";

    [Description("store only: name of the project with the labels")]
    public string? Project { get; init; }

    [Description("prompts to answer: a file with prompts, or reviews:prompts")]
    public string? Prompts { get; init; }

    [Description("labels to collect from simulated annotators or the model, one for each prompt")]
    [Range(0, 10_000_000)]
    public int Labels { get; init; } = 2000;

    [Description("kind of question: pairs, choice (best of K) or ranking (order of K)")]
    public FeedbackKind Feedback { get; init; } = FeedbackKind.Pairs;

    [Description("answers to each prompt; pairs always have 2")]
    [Range(2, 64)]
    public int Answers { get; init; } = 4;

    [Description("hidden utility of the simulated annotators: reviews, tiny or tiny-proxy")]
    public string Utility { get; init; } = "reviews";

    [Description("the simulated annotators: number, noise and biases")]
    public AnnotatorKeys Annotators { get; init; } = new();

    [Description("the judge model (used when source is model)")]
    public JudgeModelKeys JudgeModel { get; init; } = new();

    [Description("a language model that answers in place of the policy")]
    public ChatModelKeys AnswerModel { get; init; } = new();

    [Description("comparisons for the person at the terminal, before the simulated ones (pairs only)")]
    [Range(0, 100_000)]
    public int AskMe { get; init; }

    [Description("sampling temperature: below 1 more predictable, above 1 more varied")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 64;

    [Description("share of the prompts whose labels are held out to evaluate the reward model")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    private int K => Feedback == FeedbackKind.Pairs ? 2 : Answers;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        Source == PreferenceOrigin.Store ? StoreSnapshot.Missing("preferences", Database, Project)
        : Prompts is null ? ["preferences.prompts is missing: which prompts should the policy answer?"]
        :
        [
            .. AnswerModel.Model is null ? MissingPolicy(given) : AnswerModel.Missing("preferences.answer_model"),
            .. DataSource.Missing("preferences.prompts", Prompts, Labels + AskMe),
            .. Utilities.Missing("preferences.utility", Utility),
            .. MissingPairs(),
            .. MissingJudge(),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Preferences = true };

    public override async Task<StageResult> RunAsync(StageContext room, CancellationToken cancel)
    {
        if (Source == PreferenceOrigin.Store)
        {
            return await StoreSnapshot.TakeAsync(Kind, Database, Project!, TestSplit, room, cancel);
        }

        var clock = Stopwatch.StartNew();
        var questions = await SampleAsync(room, Prompts!, cancel);
        var alike = questions.RemoveAll(q => q.Answers.Distinct(StringComparer.Ordinal).Count() == 1);
        if (alike > 0)
        {
            room.Note($"{alike} prompts were left out: their answers came out the same");
        }

        if (Source == PreferenceOrigin.Model)
        {
            var judged = new Dictionary<string, double> { ["prompts"] = questions.Count };
            await JudgeAsync(room, questions, judged, cancel);
            return new StageResult(Kind, clock.Elapsed.TotalSeconds, judged) { Notes = room.Notes };
        }

        var judge = new SimulatedAnnotators(Utilities.Named(Utility), Annotators.ToOptions(), room.Seed.For("annotators"));
        var figures = new Dictionary<string, double> { ["prompts"] = questions.Count };
        switch (Feedback)
        {
            case FeedbackKind.Pairs:
                Keep(room, Pairs(room, questions, judge, figures, cancel), figures);
                Quality(judge, questions, figures);
                break;
            case FeedbackKind.Choice:
                Keep(room, [.. questions.Select((q, i) => judge.Choose(q.Prompt, q.Answers, i))], figures);
                break;
            default:
                Keep(room, [.. questions.Select((q, i) => judge.Rank(q.Prompt, q.Answers, i))], figures);
                break;
        }

        room.Screen.Report("labels", questions.Count, questions.Count, "");
        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures);
    }

    private string[] MissingPairs() =>
        AskMe > 0 && Feedback != FeedbackKind.Pairs ? ["preferences.ask_me asks for pairs; leave feedback at pairs."] : [];

    private IEnumerable<string> MissingJudge() =>
        Source != PreferenceOrigin.Model
            ? []
            :
            [
                .. JudgeModel.Missing("preferences.judge_model"),
                .. Feedback == FeedbackKind.Ranking
                    ? ["preferences.feedback is ranking, and a model is asked for the best; choose pairs or choice."]
                    : Array.Empty<string>(),
                .. AskMe > 0
                    ? ["preferences.ask_me goes with simulated annotators; leave it out where a model is asked."]
                    : Array.Empty<string>(),
            ];

    /// <summary>The labels of a model, which is their author.</summary>
    private async Task JudgeAsync(StageContext room, List<Question> questions, Dictionary<string, double> figures, CancellationToken cancel)
    {
        var (judge, client) = JudgeModel.Open();
        using var closing = client;
        Core.Feedback.Question[] asked =
        [
            .. questions.Select((q, i) => new Core.Feedback.Question($"{room.Name}/{i}", q.Prompt, q.Answers, 0)),
        ];
        var choices = new List<Choice>();
        await foreach (var reply in judge.AskAsync(asked, cancel))
        {
            var question = asked[choices.Count];
            choices.Add(new Choice(question.Prompt, question.Answers, reply.Best ?? -1) { Annotator = reply.Annotator });
            room.Screen.Report($"asking {judge.Name}", choices.Count, asked.Length, "");
        }

        var tally = judge.Tally;
        room.Note(tally.Describe(judge.Name));
        Choice[] preferred = [.. choices.Where(c => c.Best >= 0)];
        (figures["ties"], figures["order_decided"], figures["unreadable"]) = (
            choices.Count - preferred.Length,
            tally.Disagreed,
            tally.UnreadableReplies
        );
        if (Feedback == FeedbackKind.Pairs)
        {
            Keep(
                room,
                [.. preferred.Select(c => new Preference(c.Prompt, c.Answers[c.Best], c.Answers[1 - c.Best]) { Annotator = c.Annotator })],
                figures
            );
        }
        else
        {
            Keep(room, [.. preferred], figures);
        }
    }

    private sealed record Question(Prompt Prompt, ImmutableArray<string> Answers);

    private async Task<List<Question>> SampleAsync(StageContext room, string source, CancellationToken cancel)
    {
        var count = Labels + AskMe;
        var (prompts, _) = DataSource.Prompts(source, DataSource.IsWorld(source) ? count : 0, room);
        if (prompts.Length < count)
        {
            room.Note($"{source} has {prompts.Length} prompts for {count} labels: prompts come again, with fresh answers");
        }

        if (AnswerModel.Model is not null)
        {
            return await AskForAnswersAsync(room, prompts, count, cancel);
        }

        var encoder = room.LoadEncoder();
        using var policy = room.LoadPolicy();
        var done = 0;
        using var sampler = new LocalSampler
        {
            Finished = new Tally(n => room.Screen.Report("sampling answers", done + n, (long)count * K, "")),
        };
        await sampler.UseWeightsAsync(policy, 0, cancel);
        var options = new SamplingOptions
        {
            Temperature = Temperature,
            MaxNewTokens = MaxNewTokens,
            EndToken = encoder.Tokenizer.EndToken,
        };
        var questions = new List<Question>();
        // In portions, so that a cancelled run ends soon.
        foreach (var part in Enumerable.Range(0, count).Chunk(256))
        {
            SampleRequest[] requests =
            [
                .. part.SelectMany(i =>
                    Enumerable
                        .Range(0, K)
                        .Select(k => new SampleRequest(encoder.EncodePrompt(prompts[i % prompts.Length]), room.Seed.For("answer", i, k)))
                ),
            ];
            var rollouts = await sampler.SampleAsync(requests, options, cancel);
            done += rollouts.Count;
            questions.AddRange(
                part.Select(
                    (i, row) =>
                    {
                        var prompt = prompts[i % prompts.Length];
                        return new Question(
                            prompt,
                            [.. rollouts.Skip(row * K).Take(K).Select(r => encoder.DecodeAnswer(prompt, r.Sequence.Answer))]
                        );
                    }
                )
            );
        }

        return questions;
    }

    /// <summary>Answers of another model than the policy.</summary>
    private async Task<List<Question>> AskForAnswersAsync(
        StageContext room,
        ImmutableArray<Prompt> prompts,
        int count,
        CancellationToken cancel
    )
    {
        const int Parallel = 8;
        using var client = AnswerModel.OpenClient(Parallel);
        var model = new ChatAnswers(
            client,
            AnswerModel.Author,
            new ChatOptions { Temperature = (float)Temperature, MaxOutputTokens = MaxNewTokens },
            Parallel
        );
        (Prompt Prompt, Seed Seed)[] requests =
        [
            .. Enumerable
                .Range(0, count)
                .SelectMany(i => Enumerable.Range(0, K).Select(k => (prompts[i % prompts.Length], room.Seed.For("answer", i, k)))),
        ];
        var answers = await model.SampleAsync(
            requests,
            new Tally(n => room.Screen.Report($"asking {AnswerModel.Author} to answer", n, requests.Length, "")),
            cancel
        );
        return [.. Enumerable.Range(0, count).Select(i => new Question(prompts[i % prompts.Length], [.. answers.Skip(i * K).Take(K)]))];
    }

    private ImmutableArray<Preference> Pairs(
        StageContext room,
        List<Question> questions,
        SimulatedAnnotators judge,
        Dictionary<string, double> figures,
        CancellationToken cancel
    )
    {
        var asked = AskMe > 0 ? AskPerson(room, [.. questions.Take(AskMe)], judge, figures, cancel) : [];
        var simulated = questions
            .Skip(AskMe)
            .Select((q, i) => judge.Compare(q.Prompt, q.Answers[0], q.Answers[1], i).ToPreference())
            .ToArray();
        figures["ties"] = simulated.Count(p => p is null);
        return [.. asked, .. simulated.OfType<Preference>()];
    }

    private static List<Preference> AskPerson(
        StageContext room,
        ImmutableArray<Question> questions,
        SimulatedAnnotators judge,
        Dictionary<string, double> figures,
        CancellationToken cancel
    )
    {
        var person = room.Person ?? throw new ConfigurationException("preferences.ask_me needs a person at a terminal.");
        var journal = new AnswerJournal(room.Folder);
        var preferences = new List<Preference>();
        var agreed = 0;
        for (var i = 0; i < questions.Length; i++)
        {
            var question = questions[i];
            // Which answer is shown first is chance, as for the simulated annotators.
            var swap = room.Seed.For("shown", i).Rng().NextInt(2) == 1;
            var (first, second) = swap ? (question.Answers[1], question.Answers[0]) : (question.Answers[0], question.Answers[1]);
            var answer = journal.Find(i) ?? journal.Add(i, person.Ask(i + 1, questions.Length, question.Prompt.Key, first, second, cancel));
            if (answer == Answer.Enough)
            {
                room.Note($"{i} of {questions.Length} comparisons were asked");
                break;
            }

            if (answer != Answer.Skip)
            {
                var chosen = answer == Answer.First ? first : second;
                preferences.Add(new Preference(question.Prompt, chosen, answer == Answer.First ? second : first) { Annotator = "person" });
                var odds = judge.ProbabilitiesOf(question.Prompt, chosen, chosen == first ? second : first);
                agreed += odds.First > odds.Second ? 1 : 0;
            }
        }

        figures["answered_by_person"] = preferences.Count;
        if (preferences.Count > 0)
        {
            figures["person_agrees_with_simulated"] = (double)agreed / preferences.Count;
        }

        return preferences;
    }

    private static void Quality(SimulatedAnnotators judge, List<Question> questions, Dictionary<string, double> figures)
    {
        var quality = judge.QualityOn(questions.Take(500).Select(q => (q.Prompt, q.Answers[0], q.Answers[1])));
        figures["label_agreement_with_gold"] = quality.GoldAgreement;
        figures["best_possible_accuracy"] = quality.BayesAccuracy;
    }

    private void Keep<T>(StageContext room, ImmutableArray<T> feedback, Dictionary<string, double> figures)
        where T : Label
    {
        if (feedback.IsEmpty)
        {
            throw new AttuneException("preferences: no label was collected; nothing can be learned from that.");
        }

        var split = Split.ByPrompt(feedback, TestSplit, room.Seed.For("split"));
        var (train, heldOut) = (Path.Combine(room.Folder, "preferences.jsonl"), Path.Combine(room.Folder, "held-out-preferences.jsonl"));
        DatasetFile.Write(train, split.Training);
        DatasetFile.Write(heldOut, split.HeldOut);
        figures["labels"] = split.Training.Length;
        figures["held_out_labels"] = split.HeldOut.Length;
        room.Artifacts = room.Artifacts with
        {
            Preferences = train,
            HeldOutPreferences = split.HeldOut.IsEmpty ? null : heldOut,
            Utility = Source == PreferenceOrigin.Model ? null : Utility,
        };
    }
}
