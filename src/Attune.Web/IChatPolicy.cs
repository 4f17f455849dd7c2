using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Web;

/// <summary>A model that replies. In the same process or elsewhere: the web server itself never loads libtorch.</summary>
public interface IChatPolicy
{
    /// <summary>The name that stored replies carry; people who judge never see it.</summary>
    string Name { get; }

    /// <summary>
    /// Draws <paramref name="count"/> replies to a conversation, or continuations of a text, all at once, so that none is seen to be
    /// quicker.
    /// </summary>
    /// <param name="seed">Decides the replies.</param>
    Task<ImmutableArray<string>> ReplyAsync(Prompt prompt, int count, ulong seed, CancellationToken cancel);
}
