using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Encoders;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;

namespace Attune.Training.Tests;

/// <summary>A policy with a tokenizer of its own, judged by a DistilBERT of one layer.</summary>
public sealed class ClassifierRewardTests : IDisposable
{
    private const string Vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nfilm\n##s\n!\nis\ngood\n";
    private static readonly Encoder Policy = new(
        BytePairTrainer.Train(["the film is good"], 280, new("<s>", "</s>", null) { Others = ["<|im_start|>", "<|im_end|>"] }),
        ChatTemplates.ChatMl
    );
    private readonly TemporaryFolder _folder = new();
    private readonly EncoderClassifier _classifier;
    private readonly ITokenizer _tokenizer;

    public ClassifierRewardTests()
    {
        _folder.WriteText("vocab.txt", Vocabulary);
        _folder.WriteText(
            "config.json",
            """
            {"model_type":"distilbert","vocab_size":11,"dim":8,"n_layers":1,"n_heads":2,"hidden_dim":12,"max_position_embeddings":10,"activation":"gelu","id2label":{"0":"NEGATIVE","1":"POSITIVE"}}
            """
        );
        const string Layer = "distilbert.transformer.layer.0.";
        (string Name, long[] Shape)[] tensors =
        [
            ("distilbert.embeddings.word_embeddings.weight", [11, 8]),
            ("distilbert.embeddings.position_embeddings.weight", [10, 8]),
            .. Affine("distilbert.embeddings.LayerNorm", 8),
            .. Affine(Layer + "attention.q_lin", 8, 8),
            .. Affine(Layer + "attention.k_lin", 8, 8),
            .. Affine(Layer + "attention.v_lin", 8, 8),
            .. Affine(Layer + "attention.out_lin", 8, 8),
            .. Affine(Layer + "sa_layer_norm", 8),
            .. Affine(Layer + "ffn.lin1", 12, 8),
            .. Affine(Layer + "ffn.lin2", 8, 12),
            .. Affine(Layer + "output_layer_norm", 8),
            .. Affine("pre_classifier", 8, 8),
            .. Affine("classifier", 2, 8),
        ];
        var rng = new Seed(3).Rng();
        SafeTensorsWriter.Write(
            _folder.File("model.safetensors"),
            [
                .. tensors.Select(t => new SafeTensorsSource(
                    t.Name,
                    [.. t.Shape],
                    () => [.. Enumerable.Range(0, (int)t.Shape.Aggregate((a, b) => a * b)).Select(_ => rng.NextInt(100) / 50f - 1)]
                )),
            ],
            WeightType.F32
        );
        (_classifier, _tokenizer) = (EncoderClassifier.Load(_folder.Path), TokenizerFiles.Load(_folder.Path));

        static IEnumerable<(string, long[])> Affine(string name, params long[] shape) =>
            [(name + ".weight", shape), (name + ".bias", [shape[0]])];
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("POSITIVE", 1)]
    [InlineData("NEGATIVE", 0)]
    public async Task Prompt_and_answer_are_read_as_one_text_and_the_labels_logit_is_the_reward(string? label, int index)
    {
        var reward = new ClassifierReward(_classifier, _tokenizer, Policy, label);
        var rollout = new Rollout(Policy.Encode(new Prompt.Text("the film"), "s is good!"), [], StopReason.EndToken, 0);
        var score = Assert.Single(await reward.ScoreAsync([rollout], TestContext.Current.CancellationToken));
        Assert.Equal(
            _classifier.Logits([
                [2, 5, 6, 7, 9, 10, 8, 3],
            ])[0][index],
            score.Total
        );
        Assert.Equal(rollout.Sequence.AnswerLength - 1, Assert.Single(score.TokenRewards).Position);
    }

    [Fact]
    public void Of_a_conversation_the_reply_is_read()
    {
        var prompt = new Prompt.Chat([new(Role.User, "is the film good?")]);
        var rollout = new Rollout(Policy.Encode(prompt, "the film!"), [], StopReason.EndToken, 0);
        Assert.Equal([2, 5, 6, 8, 3], new ClassifierReward(_classifier, _tokenizer, Policy, null).Tokens(rollout));
    }

    [Fact]
    public void A_text_longer_than_the_encoder_reads_loses_its_beginning()
    {
        var reward = new ClassifierReward(_classifier, _tokenizer, Policy, null);
        Assert.Empty(reward.Notes);
        var sequence = Policy.EncodeUnfinished(new Prompt.Text("the the the the the the"), " film is good");
        Assert.Equal([2, 5, 5, 5, 5, 5, 6, 9, 10, 3], reward.Tokens(new Rollout(sequence, [], StopReason.Length, 0)));
        Assert.StartsWith(
            "the classifier read 1 of 1 texts without their beginning",
            Assert.Single(reward.Notes),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_unknown_class_lists_those_there_are()
    {
        var problem = Assert.Throws<ConfigurationException>(() => new ClassifierReward(_classifier, _tokenizer, Policy, "POSITIV"));
        Assert.Contains("has no class 'POSITIV'; its classes are NEGATIVE, POSITIVE.", problem.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _classifier.Dispose();
        _folder.Dispose();
    }
}
