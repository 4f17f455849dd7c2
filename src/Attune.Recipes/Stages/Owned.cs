namespace Attune.Recipes.Stages;

/// <summary>Disposes what was opened, unless it is released to another owner.</summary>
internal sealed class Owned : IDisposable
{
    private List<IDisposable> _things = [];

    public ICollection<IDisposable> Things => _things;

    public T Add<T>(T thing)
        where T : IDisposable
    {
        _things.Add(thing);
        return thing;
    }

    public List<IDisposable> Release() => Interlocked.Exchange(ref _things, []);

    public void Dispose() => _things.ForEach(t => t.Dispose());
}
