namespace Attune.Methods.Preference;

/// <summary>Gives the items of an update what only the update as a whole and the present weights can tell.</summary>
public class UpdatePreparation<T>(Func<IReadOnlyList<T>, IReadOnlyList<T>> prepare)
{
    /// <summary>Before an update learns the items.</summary>
    public virtual IReadOnlyList<T> Learn(IReadOnlyList<T> update) => prepare(update);

    /// <summary>Before held-out items are looked at: nothing is remembered of them.</summary>
    public virtual IReadOnlyList<T> Look(IReadOnlyList<T> heldOut) => prepare(heldOut);

    /// <summary>What a checkpoint must keep.</summary>
    public virtual IReadOnlyDictionary<string, double> State => new Dictionary<string, double>();

    public virtual void Restore(IReadOnlyDictionary<string, double> state) { }
}
