using System.Collections.Immutable;
using Attune.Core.Completions;
using Attune.Core.Conversations;

namespace Attune.Web.Configuration;

/// <summary>A model that replies, in this process or elsewhere. The web server itself never loads libtorch.</summary>
public interface IChatPolicy
{
    /// <summary>The name stored with replies; annotators never see it.</summary>
    string Name { get; }

    /// <summary>
    /// Samples <paramref name="count"/> replies to a conversation, or continuations of a text, all at once, so that annotators cannot see
    /// which was faster.
    /// </summary>
    /// <param name="seed">Determines the replies.</param>
    Task<ImmutableArray<SampledText>> ReplyAsync(Prompt prompt, int count, ulong seed, CancellationToken cancel);
}
