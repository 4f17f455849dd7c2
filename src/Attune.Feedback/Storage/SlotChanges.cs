using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Storage;

internal static class SlotChanges
{
    public static Task<int> FreeAsync(this IQueryable<SlotRow> slots, CancellationToken cancel) =>
        slots.ExecuteUpdateAsync(
            set =>
                set.SetProperty(s => s.State, SlotState.Free)
                    .SetProperty(s => s.PersonId, (Guid?)null)
                    .SetProperty(s => s.LeaseId, (Guid?)null)
                    .SetProperty(s => s.ExpiresAt, 0L),
            cancel
        );
}
