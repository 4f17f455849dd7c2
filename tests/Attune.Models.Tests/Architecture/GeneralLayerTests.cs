using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Testing;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Architecture;

/// <summary>Layers that only libtorch computes: what is drawn, saved, recomputed and served is what the forward pass says.</summary>
public sealed class GeneralLayerTests
{
    public static TheoryData<string> Families => [.. TinyModels.General.Append(TinyModels.GptOss).Select(c => c.Family)];

    [Theory]
    [MemberData(nameof(Families))]
    public void Drawn_tokens_are_the_likeliest_of_the_whole_text_read_anew(string family)
    {
        using var model = TinyModels.Random(Of(family), 4);
        using var decoder = Decoders.Loaded(model);
        Assert.IsType<TorchDecoder>(decoder);
        var options = new SamplingOptions
        {
            Temperature = 0,
            MaxNewTokens = 12,
            BatchSize = 3,
        };
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, 5)
                .Select(i => new SampleRequest([.. TinyModels.Tokens(model.Config, 3 + 5 * i, (ulong)i)], new Seed(1))),
        ];
        foreach (var answer in decoder.Sample(requests, options, 0, null, TestContext.Current.CancellationToken))
        {
            var sequence = answer.Sequence;
            for (var length = sequence.AnswerStart; length < sequence.Tokens.Length; length++)
            {
                var logits = TinyModels.Logits(model, [.. sequence.Tokens[..length]]).AsSpan()[^model.Config.VocabularySize..];
                // Of two that are as likely either may be drawn.
                Assert.True(logits[sequence.Tokens[length]] > Max(logits) - 1e-4, $"token {length}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_is_saved_is_read_with_the_same_configuration_and_logits(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(Of(family));
        ModelFiles.Save(model, folder.Path);
        using var again = ModelFiles.LoadLanguageModel(folder.Path);
        Assert.Equal(Rounded(model.Config), Rounded(again.Config));
        var tokens = TinyModels.Tokens(model.Config, 40, 2);
        var (before, after) = (TinyModels.Logits(model, tokens), TinyModels.Logits(again, tokens));
        Assert.InRange(before.Zip(after, (a, b) => Math.Abs(a - b)).Max(), 0, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Layers_computed_again_have_the_same_gradients(string family)
    {
        using var model = TinyModels.Random(Of(family));
        var tokens = TinyModels.Tokens(model.Config, 30, 3);
        var plain = Gradients(model, tokens);
        model.Trunk.Recompute = true;
        Assert.Equal(plain, Gradients(model, tokens));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Packed_texts_do_not_see_one_another(string family)
    {
        using var model = TinyModels.Random(Of(family));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (first, second) = (TinyModels.Tokens(model.Config, 11, 5), TinyModels.Tokens(model.Config, 9, 6));
        var segments = tensor(Enumerable.Repeat(0L, 11).Concat(Enumerable.Repeat(1L, 9)).ToArray()).unsqueeze(0);
        var packed = model.Trunk.Hidden(TinyModels.Rows([.. first, .. second]), segments);
        var alone = model.Trunk.Hidden(TinyModels.Rows(second));
        Assert.InRange((packed.narrow(1, 11, 9) - alone).abs().max().item<float>(), 0, 1e-4);
    }

    [Fact]
    public async Task Served_jobs_are_told_of_their_prompt_and_of_the_likeliest_tokens()
    {
        using var model = TinyModels.Random(Of("gemma2"));
        using var service = new DecodeService(Decoders.Loaded(model), 2, 40, 10);
        var prompt = TinyModels.Tokens(model.Config, 7, 8);
        var job = new Listening(new SampleRequest([.. prompt], new Seed(1)), new SamplingOptions { Temperature = 0, MaxNewTokens = 5 })
        {
            ReportsPrompt = true,
            Alternatives = 2,
        };
        service.Add([job]);
        var rollout = await job.Result.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var (vocabulary, logits) = (model.Config.VocabularySize, TinyModels.Logits(model, [.. rollout.Sequence.Tokens]));
        Assert.Equal(prompt[1..], job.Prompt.Select(t => t.Token));
        foreach (var (index, told) in job.Prompt.Concat(job.Drawn).Index())
        {
            var row = logits.AsSpan(index * vocabulary, vocabulary).ToArray();
            var sum = Math.Log(row.Sum(l => Math.Exp(l)));
            Assert.InRange(told.LogProb - (row[rollout.Sequence.Tokens[index + 1]] - sum), -1e-4, 1e-4);
            Assert.Equal(row.Max() - sum, job.Likeliest[index][0].LogProb, 1e-4);
        }
    }

    [Fact]
    public void Few_bits_are_refused_where_the_engine_does_not_compute_the_layers()
    {
        using var model = TinyModels.Random(Of("olmo2"));
        var problem = Assert.Throws<ConfigurationException>(() => Decoders.Loaded(model, type: KernelType.Q4));
        Assert.Contains("Weights of olmo2 cannot be kept in q4", problem.Message, StringComparison.Ordinal);
    }

    private static TransformerConfig Of(string family) => TinyModels.General.Append(TinyModels.GptOss).Single(c => c.Family == family);

    // A number's reciprocal and its root come back from a file within rounding.
    private static TransformerConfig Rounded(TransformerConfig config) =>
        config with
        {
            AttentionScale = config.AttentionScale is { } scale ? Math.Round(scale, 6) : null,
            LogitScale = Math.Round(config.LogitScale, 12),
        };

    private static float Max(ReadOnlySpan<float> values)
    {
        var most = values[0];
        foreach (var value in values)
        {
            most = Math.Max(most, value);
        }

        return most;
    }

    private static float[] Gradients(LanguageModel model, int[] tokens)
    {
        using var scope = NewDisposeScope();
        model.Weights.AttachGradients().zero_();
        var hidden = model.Trunk.Hidden(TinyModels.Rows(tokens));
        var next = tensor(tokens.Skip(1).Append(0).Select(t => (long)t).ToArray());
        nn.functional.cross_entropy(model.Logits(hidden).flatten(0, 1), next).backward();
        return model.Weights.Gradients!.data<float>().ToArray();
    }

    private sealed class Listening(SampleRequest request, SamplingOptions options) : DecodeJob(request, options)
    {
        public TaskCompletionSource<Rollout> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<DrawnToken> Prompt { get; } = [];

        public List<DrawnToken> Drawn { get; } = [];

        public List<ImmutableArray<DrawnToken>> Likeliest { get; } = [];

        public override void OnPrompt(DrawnToken given, ImmutableArray<DrawnToken> likeliest)
        {
            Prompt.Add(given);
            Likeliest.Add(likeliest);
        }

        public override void OnDrawn(DrawnToken drawn, ImmutableArray<DrawnToken> likeliest)
        {
            Drawn.Add(drawn);
            Likeliest.Add(likeliest);
        }

        public override void OnFinished(Rollout rollout) => Result.SetResult(rollout);

        public override void OnFailed(Exception problem) => Result.SetException(problem);
    }
}
