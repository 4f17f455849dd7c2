using System.Collections.Immutable;
using Attune.Core.Tokens;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Weights;

namespace Attune.Models.Decoding;

/// <summary>
/// Reads given texts as the <see cref="DecodeEngine"/> writes them, many at once and without padding: log-probabilities of a
/// language model (a reference policy), or the numbers of a scalar model (values, rewards). With its own copy of the weights, which
/// <see cref="Load"/> renews. One caller at a time.
/// </summary>
public sealed unsafe class ScoringEngine : IDisposable
{
    private const int Rows = 256;
    private const int Outputs = 128;
    private const int Slots = 32;

    private readonly TransformerConfig _config;
    private readonly HeadKind _head;
    private readonly PackedModel _model;
    private readonly WorkerTeam _team;
    private KeyValueCache? _cache;
    private ForwardPass? _pass;

    /// <param name="workers">Threads, the caller's included; the machine's processors where it is null.</param>
    /// <param name="type">Of weights and activations in matrix products.</param>
    public ScoringEngine(TransformerModel model, int? workers = null, KernelType type = KernelType.F32)
    {
        _config = model.Config;
        _head = model is ScalarModel ? HeadKind.Score : HeadKind.Language;
        _model = new PackedModel(_config, type, _head);
        _team = new WorkerTeam(workers);
        Load(model);
    }

    /// <summary>Copies the model's weights as they are now.</summary>
    public void Load(TransformerModel model)
    {
        if (model.Config != _config || model is ScalarModel != (_head == HeadKind.Score))
        {
            throw new ArgumentException(
                $"The engine was made for {_config} with a {_head} head; the model is {model.Config}.",
                nameof(model)
            );
        }

        _model.Load(model);
    }

    /// <summary>The log-probability of each answer token given all before it, in nats.</summary>
    /// <param name="temperature">Divides the logits; more than 0.</param>
    public IReadOnlyList<ImmutableArray<float>> LogProbs(
        IReadOnlyList<TokenSequence> texts,
        double temperature = 1,
        CancellationToken cancel = default
    )
    {
        Require(HeadKind.Language, "log-probabilities");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        var results = texts.Select(t => new float[t.AnswerLength]).ToArray();
        Read(
            texts,
            last: 1,
            (text, position, output) =>
                results[text][position + 1 - texts[text].AnswerStart] = _pass!.LogProb(
                    output,
                    texts[text].Tokens[position + 1],
                    (float)(1 / temperature)
                ),
            cancel
        );
        return [.. results.Select(r => r.ToImmutableArray())];
    }

    /// <summary>
    /// A scalar model's number at the last token before the answer and at each answer token: AnswerLength + 1 of them. All but the
    /// last are the values of the states in which the answer tokens were chosen.
    /// </summary>
    public IReadOnlyList<ImmutableArray<float>> Scores(IReadOnlyList<TokenSequence> texts, CancellationToken cancel = default)
    {
        Require(HeadKind.Score, "scores");
        var results = texts.Select(t => new float[t.AnswerLength + 1]).ToArray();
        Read(
            texts,
            last: 0,
            (text, position, output) => results[text][position + 1 - texts[text].AnswerStart] = *_pass!.Logits(output),
            cancel
        );
        return [.. results.Select(r => r.ToImmutableArray())];
    }

    public void Dispose()
    {
        _team.Dispose();
        _cache?.Dispose();
        _pass?.Dispose();
        _model.Dispose();
    }

    private delegate void RowReader(int text, int position, int output);

    /// <summary>
    /// Passes over all texts in turn; each pass is filled up with rows of the next texts, as long as there is room for them.
    /// </summary>
    /// <param name="last">Tokens at the end that are not read.</param>
    private void Read(IReadOnlyList<TokenSequence> texts, int last, RowReader reader, CancellationToken cancel)
    {
        Prepare(texts);
        var pass = _pass!;
        var asked = new (int Text, int Position)[Outputs];
        Action<int> step = worker =>
        {
            pass.Run(worker);
            for (var output = worker; output < pass.OutputCount; output += _team.Count)
            {
                reader(asked[output].Text, asked[output].Position, output);
            }
        };
        var (text, position) = (0, 0);
        while (text < texts.Count)
        {
            cancel.ThrowIfCancellationRequested();
            pass.Clear();
            var first = text;
            while (text < texts.Count && text < first + Slots && pass.Count < Rows && pass.OutputCount < Outputs)
            {
                pass.Add(text % Slots, position, texts[text].Tokens[position]);
                if (position >= texts[text].AnswerStart - 1)
                {
                    asked[pass.OutputCount] = (text, position);
                    pass.AskForLogits();
                }

                position++;
                (text, position) = position < texts[text].Tokens.Length - last ? (text, position) : (text + 1, 0);
            }

            _team.Run(step);
        }
    }

    private void Prepare(IReadOnlyList<TokenSequence> texts)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            RequestChecks.Prompt(_config, texts[i].Tokens.AsSpan(), $"Text {i + 1}", 0);
            if (texts[i].AnswerStart < 1 || texts[i].AnswerLength < 1)
            {
                throw new Core.AttuneException(
                    $"Text {i + 1} has {texts[i].AnswerStart} tokens before its answer and {texts[i].AnswerLength} in it; "
                        + "expected at least one of each."
                );
            }
        }

        var longest = texts.Select(t => t.Tokens.Length).DefaultIfEmpty(1).Max();
        if (_cache is null || _cache.Capacity < longest)
        {
            _cache?.Dispose();
            _pass?.Dispose();
            _cache = new KeyValueCache(_config, Slots, longest, _model.Type);
            _pass = new ForwardPass(_model, _cache, _team, Rows, Outputs);
        }
    }

    private void Require(HeadKind head, string what)
    {
        if (_head != head)
        {
            throw new InvalidOperationException($"the engine's model has a {_head} head, which gives no {what}.");
        }
    }
}
