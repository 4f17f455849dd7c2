using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Training.Tests;

public sealed class GenerativeRewardTests
{
    private const string Question = "{prompt}{answer} ok?";

    private static readonly Encoder Words = new(
        BytePairTrainer.Train(["the cat sat on the mat"], 280, new("<s>", "</s>", null) { Others = ["<|im_start|>", "<|im_end|>"] }),
        ChatTemplates.Plain
    );
    private static readonly Rollout[] Answers = [.. new[] { " sat", " on the mat" }.Select(Answer)];

    [Fact]
    public async Task The_reward_is_the_probability_of_the_good_verdict_among_the_two()
    {
        // Verdicts of one token each: their probabilities stand in the distribution after the question.
        var scores = await Scores(("y", "n"), logOdds: false);
        using var model = Model();
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        for (var i = 0; i < Answers.Length; i++)
        {
            var asked = Words.EncodePrompt(new Prompt.Text("the cat" + new[] { " sat", " on the mat" }[i] + " ok?"));
            var rows = tensor(asked.Select(t => (long)t).ToArray()).unsqueeze(0);
            var next = model.Logits(model.Trunk.Hidden(rows))[0, -1].softmax(0);
            double Of(string verdict) => next[Assert.Single(Words.Tokenizer.Encode(verdict))].ToDouble();
            Assert.Equal(Of("y") / (Of("y") + Of("n")), scores[i], 1e-5);
        }
    }

    [Fact]
    public async Task Law_the_verdicts_probabilities_sum_to_one_and_their_log_odds_to_zero()
    {
        var (there, back) = (await Scores(("yes", "no"), false), await Scores(("no", "yes"), false));
        Assert.All(there.Zip(back), pair => Assert.Equal(1, pair.First + pair.Second, 1e-9));
        var odds = await Scores(("yes", "no"), true);
        Assert.All(there.Zip(odds), pair => Assert.Equal(Math.Log(pair.First / (1 - pair.First)), pair.Second, 1e-6));
    }

    [Fact]
    public void A_prompt_that_names_the_answer_is_not_filled_in_and_an_end_token_is_not_read()
    {
        using var model = Model();
        using var reward = new GenerativeReward(model, Words, Words, Question, ("y", "n"), false);
        var prompt = new Prompt.Text("say {answer}:");
        var rollout = new Rollout(Words.Encode(prompt, " sat"), [], StopReason.EndToken, 0);
        Assert.Equal(new Prompt.Text("say {answer}: sat ok?"), reward.Question(rollout));
    }

    [Fact]
    public async Task What_is_longer_than_the_context_loses_its_beginning_and_is_counted()
    {
        using var reward = new GenerativeReward(Model(), Words, Words, Question, ("y", "n"), false);
        var answer = Answer(string.Concat(Enumerable.Repeat("xyz ", 100)));
        var score = Assert.Single(await reward.ScoreAsync([answer], CancellationToken.None));
        Assert.InRange(score.Total, 0, 1);
        Assert.StartsWith("the generative reward model read 1 of 1", Assert.Single(reward.Notes), StringComparison.Ordinal);
    }

    private static async Task<double[]> Scores((string, string) verdicts, bool logOdds)
    {
        using var reward = new GenerativeReward(Model(), Words, Words, Question, verdicts, logOdds);
        return [.. (await reward.ScoreAsync(Answers, CancellationToken.None)).Select(s => s.Total)];
    }

    private static Rollout Answer(string text) => new(Words.Encode(new Prompt.Text("the cat"), text), [], StopReason.EndToken, 0);

    private static LanguageModel Model() =>
        new(TransformerConfig.Gpt2(300, width: 16, layers: 1, heads: 2, contextLength: 64), new Seed(3));
}
