using System.Collections.Immutable;
using System.Text;
using Attune.Core;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Web.Configuration;

namespace Attune.Cli.Serving;

/// <summary>The served model as a chat partner; its replies are decoded in one batch with the requests of programs.</summary>
internal sealed class ServedPolicy(ICompletionModel model) : IChatPolicy
{
    private const int LongestReply = 256;
    private const int ShortestReply = 8;

    public string Name => model.Name;

    public async Task<ImmutableArray<SampledText>> ReplyAsync(Prompt prompt, int count, ulong seed, CancellationToken cancel)
    {
        var start = model.Encode(prompt);
        var room = model.ContextLength - start.Tokens.Length;
        if (room < ShortestReply)
        {
            throw new DataException(
                $"the conversation has {start.Tokens.Length} tokens, and the model can read and write {model.ContextLength} in "
                    + "all. Finish it here, or start with a shorter message."
            );
        }
        var options = new SamplingOptions { MaxNewTokens = Math.Min(LongestReply, room) };
        var cut = new bool[count];
        var texts = Enumerable.Range(0, count).Select(_ => new StringBuilder()).ToArray();
        await foreach (
            var piece in model.CompleteAsync(new CompletionRequest(start, options, new Seed(seed).For("reply")) { Count = count }, cancel)
        )
        {
            texts[piece.Answer].Append(piece.Text);
            cut[piece.Answer] |= piece.End?.Reason == StopReason.Length;
        }

        // A continuation keeps its leading space.
        string Said(string text) => prompt is Prompt.Chat ? text.Trim() : text.TrimEnd();
        return [.. texts.Select((t, i) => new SampledText(Said(t.ToString()), cut[i]))];
    }
}
