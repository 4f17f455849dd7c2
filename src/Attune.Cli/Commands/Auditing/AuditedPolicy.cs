using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Text.Templates;
using Attune.Training.Batches;

namespace Attune.Cli.Commands.Auditing;

/// <summary>A policy that says how probable labelled answers are, for an audit.</summary>
internal sealed class AuditedPolicy(LanguageModel model, Encoder encoder) : IDisposable
{
    /// <exception cref="AttuneException">The folder holds no language model or no tokenizer.</exception>
    public static AuditedPolicy Load(string folder)
    {
        var text = ChatText.Load(folder);
        return new AuditedPolicy(ModelFiles.LoadLanguageModel(folder), new Encoder(text));
    }

    /// <summary>Log-probabilities of whole answers.</summary>
    public double[] Score(IReadOnlyList<(Prompt Prompt, string Answer)> answers) =>
        AnswerSums.Plain(model, [.. answers.Select(a => encoder.Encode(a.Prompt, a.Answer))]);

    public void Dispose() => model.Dispose();
}
