namespace Ashlar.Inference.Models.Transformer;

/// <summary>
/// Keys and values of one target token in every layer, and the token before it. The histories of all states form a tree: a fork
/// shares its past with its parent, so that a beam is reordered without copying anything.
/// </summary>
internal sealed class TargetHistory(int size)
{
    private int _references;

    /// <summary>The token before; null at the first.</summary>
    public TargetHistory? Previous { get; private set; }

    /// <summary>Tokens up to this one.</summary>
    public int Length { get; private set; }

    /// <summary>[layer, key and value, width].</summary>
    public float[] Values { get; } = GC.AllocateUninitializedArray<float>(size);

    /// <summary>Gives out nodes and takes them back when no state needs them; safe from several threads.</summary>
    internal sealed class Pool(int size)
    {
        private readonly Stack<TargetHistory> _free = [];
        private readonly Lock _lock = new();

        /// <summary>A node after <paramref name="previous"/>, held by its maker.</summary>
        public TargetHistory Append(TargetHistory? previous)
        {
            lock (_lock)
            {
                TargetHistory node = _free.TryPop(out TargetHistory? free) ? free : new(size);
                // The maker's hold on the node before passes to the new one.
                (node.Previous, node.Length, node._references) = (previous, (previous?.Length ?? 0) + 1, 1);
                return node;
            }
        }

        /// <summary>One more holder.</summary>
        public void Hold(TargetHistory? node)
        {
            lock (_lock)
            {
                if (node is not null)
                    node._references++;
            }
        }

        /// <summary>One holder less.</summary>
        public void Release(TargetHistory? node)
        {
            lock (_lock)
            {
                while (node is not null && --node._references == 0)
                {
                    TargetHistory? previous = node.Previous;
                    node.Previous = null;
                    _free.Push(node);
                    node = previous;
                }
            }
        }
    }
}
