using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Encoding;
using Attune.Text.Templates;
using Attune.Training.Rewards;

namespace Attune.Cli.Commands.Auditing;

/// <summary>A reward model that scores labelled answers for an audit.</summary>
internal sealed class AuditedReward(RewardModel model, Encoder encoder) : IDisposable
{
    private const int Batch = 32;

    /// <exception cref="AttuneException">The folder holds no reward model or no tokenizer.</exception>
    public static AuditedReward Load(string folder)
    {
        var text = ChatText.Load(folder);
        return new AuditedReward(RewardModel.Load(folder), new Encoder(text));
    }

    /// <summary>Rewards as they were trained: log-odds where the loss was one of comparisons.</summary>
    public double[] Score(IReadOnlyList<(Prompt Prompt, string Answer)> answers) =>
        [.. answers.Chunk(Batch).SelectMany(batch => model.Trained([.. batch.Select(a => encoder.Encode(a.Prompt, a.Answer))]))];

    public void Dispose() => model.Dispose();
}
